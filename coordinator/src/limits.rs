//! How long the coordinator waits for anything, and how often it tries again, each with its reason. One struct, so that
//! a test can shorten what it would otherwise have to sit through.

use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The waits and bounds of one coordinator. [`Limits::default`] is what a coordinator serves with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a node to answer a question that needs no work.
    pub prompt: Duration,
    /// For a node to say how it is: somebody looks at a screen.
    pub status: Duration,
    /// For a holder to work out one round of the key generation: milliseconds of work, and a slow network.
    pub round: Duration,
    /// For a node to work over all of its rows.
    pub work: Duration,
    /// For a node that is having its persons evaluated to tell of the next batch: longer than its own wait for a
    /// holder, so that it can say itself that a holder does not answer.
    pub progress: Duration,
    /// For a holder to answer one batch that is passed on to it, others being before it.
    pub relay: Duration,
    /// For a node to send the next frame of a stream, or to take one.
    pub frame: Duration,
    /// For a node to write its work list, or to look up a list of event requests.
    pub worklist: Duration,
    /// For a node to erase what it holds for a study.
    pub close: Duration,
    /// Between looks whether a connected node has yet to hear of an ended study.
    pub remind: Duration,
    /// For a node whose connection has just broken to come back and hear that the study is closed.
    pub reconnect: Duration,
    /// For nodes to notice that a coordinator that was killed is there again, before any of them counts as away: the
    /// silence after which they take their connection for lost, and their first waits to dial.
    pub settle: Duration,
    /// From the draft of a study until nodes stop answering for it.
    pub study: Duration,
    /// For the work of a study, less than [`Self::study`]: a node that dawdles must not hold up the next one for ever.
    pub study_work: Duration,
    /// Before a step that failed is tried again, the first time; it doubles each time.
    pub pause_first: Duration,
    /// Before a step is tried again, at most.
    pub pause_max: Duration,
    /// How often one step is tried again at most without getting any further, however often the nodes come back.
    pub losses_max: u32,
    /// How often of these because a node that is connected let its time pass.
    pub timeouts_max: u32,
    /// How many studies are drafted at most for one request because the one before had to be begun anew, before the node
    /// at fault is left out or the request fails.
    pub drafts_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            prompt: seconds(60),
            status: seconds(10),
            round: seconds(60),
            work: seconds(3600),
            progress: seconds(360),
            relay: seconds(300),
            frame: seconds(300),
            worklist: seconds(600),
            close: seconds(60),
            remind: seconds(60),
            reconnect: seconds(5),
            settle: seconds(15),
            study: seconds(24 * 3600),
            study_work: seconds(23 * 3600),
            pause_first: Duration::from_millis(250),
            pause_max: seconds(30),
            losses_max: 10,
            timeouts_max: 2,
            drafts_max: 5,
        }
    }
}

impl Limits {
    /// The pause before a try, the first of which is number 1.
    pub(crate) fn pause(&self, number: u32) -> Duration {
        let doubled = 1_u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause_first.saturating_mul(doubled).min(self.pause_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit() {
        let limits = Limits::default();
        let pauses: Vec<u128> = [1, 2, 3, 7, 8, 9, 33, u32::MAX].map(|n| limits.pause(n).as_millis()).into();
        assert_eq!(pauses, [250, 500, 1_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn nodes_have_the_time_to_notice_that_the_coordinator_has_restarted() {
        use tvaers_link::limit::{BACKOFF_FIRST, IDLE_TIME};
        assert!(Limits::default().settle > IDLE_TIME + 3 * BACKOFF_FIRST);
    }

    #[test]
    fn a_requester_can_say_that_a_holder_does_not_answer_before_it_is_itself_given_up() {
        let limits = Limits::default();
        assert!(limits.relay < limits.progress);
        assert!(limits.study_work < limits.study);
    }
}
