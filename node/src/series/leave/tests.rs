use super::*;
use crate::work::tests::{File, asked, count};

/// The file of a series of which nothing is known yet.
async fn series(work: &Work, dir: &Path) -> std::path::PathBuf {
    let path = dir.join("series-1.sqlite");
    drop(private::create(&path).unwrap());
    let made = work.with_kept(&path, async |write| {
        sqlx::raw_sql(SCHEMA).execute(&mut *write).await?;
        Ok(())
    });
    made.await.unwrap();
    path
}

/// What a file has of the one requester's evaluations, and how many persons it knows.
async fn kept(work: &Work, path: &Path) -> (i64, i64) {
    let read = work.with_kept(path, async |write| {
        let evaluated =
            sqlx::query_scalar("SELECT SUM(evaluated) FROM kept.account").fetch_one(&mut *write).await?;
        let known = sqlx::query_scalar("SELECT COUNT(*) FROM kept.known").fetch_one(&mut *write).await?;
        Ok((evaluated, known))
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_run_counts_once_however_often_its_end_is_begun_and_another_run_counts_too() {
    let file = File::with_persons().await;
    count(&file.work, asked(0, 1, 60)).await.unwrap();
    let path = series(&file.work, file.dir()).await;
    for (run, evaluated) in [(1, 60), (1, 60), (2, 120)] {
        file.work.keep_named(&path, Digest([run; 32]), true).await.unwrap();
        assert_eq!(kept(&file.work, &path).await, (evaluated, 3));
    }
}

#[tokio::test]
async fn persons_whose_secrets_another_seed_hides_are_not_taken_over() {
    let file = File::with_persons().await;
    count(&file.work, asked(0, 1, 60)).await.unwrap();
    let path = series(&file.work, file.dir()).await;
    file.work.keep_named(&path, Digest([1; 32]), false).await.unwrap();
    assert_eq!(kept(&file.work, &path).await, (60, 0), "what was evaluated counts all the same");
}

#[tokio::test]
async fn a_person_who_objects_is_not_kept() {
    let file = File::with_persons().await;
    count(&file.work, asked(0, 1, 60)).await.unwrap();
    let path = series(&file.work, file.dir()).await;
    let objects = file.work.with_kept(&path, async |write| {
        sqlx::query("UPDATE main.component SET objects = 1 WHERE row = 1").execute(&mut *write).await?;
        Ok(())
    });
    objects.await.unwrap();
    file.work.keep_named(&path, Digest([1; 32]), true).await.unwrap();
    assert_eq!(kept(&file.work, &path).await, (60, 2));
}
