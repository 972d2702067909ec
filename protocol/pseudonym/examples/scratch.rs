use std::time::Duration;
use curve25519_dalek::{ristretto::*, scalar::*, traits::*};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use tvaers_protocol::id::{Digest, PersonId};
use tvaers_pseudonym::{blind::blind_batch, combine::combine, dkg::*, evaluate::evaluate, sealing::SealingKey};
use std::collections::BTreeMap;
fn cpu() -> Duration { static T: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new(); T.get_or_init(std::time::Instant::now).elapsed() }
fn min(name:&str, n:usize, reps:usize, mut f: impl FnMut()) {
    let mut best=f64::MAX;
    for _ in 0..reps { let s=cpu(); f(); let e=cpu()-s; best=best.min(e.as_nanos() as f64/1e3/n as f64); }
    println!("{name}: {best:.2} us");
}
fn main(){
  rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| {
    let rng=&mut ChaCha20Rng::seed_from_u64(1);
    let study=Digest([1;32]);
    let mut kept=vec![]; let mut pk=BTreeMap::new();
    for i in 1..=5 { let (k,p)=round1(Ceremony::new(study,i,5,3).unwrap(),rng).unwrap(); kept.push(k); pk.insert(i,p);}    
    let keys:Vec<_>=(0..5).map(|_|SealingKey::generate(rng)).collect();
    let public:BTreeMap<u16,_>=(1..).zip(keys.iter().map(|k|k.public())).collect();
    let mut k2=vec![]; let mut mail:BTreeMap<u16,BTreeMap<u16,Vec<u8>>>=BTreeMap::new();
    for (i,k) in (1..).zip(kept) { let (k,m)=round2(k,&pk,&public,rng).unwrap(); k2.push(k); for (r,t) in m { mail.entry(r).or_default().insert(i,t);} }
    let shares:Vec<_>=(1..).zip(k2).map(|(i,k)| round3(k,&keys[i as usize-1],&mail[&i]).unwrap().0).collect();
    let n=10_000;
    let persons:Vec<_>=(0..n).map(|i|PersonId::parse(&format!("610165{i:04}")).unwrap()).collect();
    let (points,blinds)=blind_batch(&persons,&study,rng).unwrap();
    let replies:Vec<_>=shares.iter().take(3).map(|s|(s.index(),evaluate(s,&points,rng).unwrap())).collect();
    let p=RistrettoPoint::random(rng); let k=Scalar::random(rng);
    let ps:Vec<_>=(0..n).map(|_|RistrettoPoint::random(rng)).collect(); let ks:Vec<_>=(0..n).map(|_|Scalar::random(rng)).collect();
    for _ in 0..3 {
      min("var mult",100,400,||{ for _ in 0..100 { std::hint::black_box(std::hint::black_box(p)*std::hint::black_box(k)); } });
      min("from_uniform",100,400,||{ for _ in 0..100 { std::hint::black_box(RistrettoPoint::from_uniform_bytes(std::hint::black_box(&[7;64]))); } });
      let c=p.compress();
      min("decompress",100,400,||{ for _ in 0..100 { std::hint::black_box(std::hint::black_box(c).decompress()); } });
      min("compress batch (100)",100,400,||{ std::hint::black_box(RistrettoPoint::double_and_compress_batch(&ps[..100])); });
      min("msm 10k",n,30,||{ std::hint::black_box(RistrettoPoint::vartime_multiscalar_mul(&ks,&ps)); });
      min("blind",n,12,||drop(blind_batch(&persons,&study,rng).unwrap()));
      min("combine",n,12,||drop(combine(shares[0].keys(),&[1,2,3],&persons,&blinds,&replies).unwrap()));
      min("evaluate",n,12,||drop(evaluate(&shares[0],&points,rng).unwrap()));
      println!();
    }
  });
}
