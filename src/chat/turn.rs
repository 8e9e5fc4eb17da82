//! A turn: one question with its answer, and the one field that says what may still be done with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, JobId, MessageId, Private, TicketId, UserId};

/// One question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The message that asked.
    pub message: MessageId,
    /// Who asked.
    pub asker: UserId,
    /// The question as the agent read it.
    pub question: Private<String>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
}

/// What the agent answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer, in Markdown.
    pub text: Private<String>,
    /// When the agent says that it answered.
    pub at: Timestamp,
    /// The agent's confidence, 0 to 1.
    pub confidence: Option<f64>,
    /// The articles that the answer was built from.
    pub sources: Vec<Source>,
    /// Whether the agent asks for a ticket to be offered.
    pub escalate: bool,
    /// What the `test` agent says beyond the answer, for developers: a line for each field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Private<String>>,
}

/// An article of the knowledge base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its title.
    pub title: Private<String>,
    /// How well it fits, 0 to 1.
    pub confidence: Option<f64>,
    /// Its type, such as `how_to`.
    pub entry_type: Option<String>,
    /// Its id, unique for its type.
    pub entry_id: Option<String>,
}

/// How a person rated an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// Thumbs up.
    Helpful,
    /// Thumbs down.
    Unhelpful,
}

/// What may still be done with a turn. One field, so feedback and escalation are never both open.
///
/// A state with a [`Claim`] belongs to whoever entered it, until its lease is over; see [`TurnState::at`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TurnState {
    /// The agent could not be asked; the question may be asked again.
    Failed,
    /// The question is being asked again.
    Asking(Claim),
    /// Answered with confidence; nobody has rated the answer.
    Unrated,
    /// A rating is on its way to the agent.
    Rating(Claim),
    /// Rated.
    Rated(Rating),
    /// Answered without confidence; nobody has decided about a ticket.
    TicketOffered,
    /// Somebody wants a ticket, and nothing has been sent yet.
    TicketClaimed {
        /// By whom.
        claim: Claim,
        /// How many earlier requests may have created one.
        doubts: u32,
    },
    /// The request for a ticket may have left.
    TicketCalling {
        /// By whom.
        claim: Claim,
        /// How many earlier requests may have created one.
        doubts: u32,
    },
    /// The ticket exists.
    TicketCreated(TicketId),
    /// The agent refused for certain; there is no ticket.
    TicketRejected,
    /// A request was sent and its outcome is not known.
    TicketUnknown {
        /// How many requests may have created it. A person decides about as many as their buttons were made for: a
        /// second click on the same button is no second decision.
        doubts: u32,
    },
    /// The person does without a ticket.
    TicketDeclined,
    /// The person leaves the unknown outcome as it is.
    TicketLeft,
}

/// Who is at work on a turn, and until when nobody else may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// For which job.
    pub job: JobId,
    /// Tells who works on that job now from who worked on it before.
    pub fence: u64,
    /// Until when.
    pub lease: Timestamp,
}

/// What a press leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Send this rating.
    Rate(Rating),
    /// Create a ticket.
    CreateTicket,
    /// Give the thumbs back.
    RateAgain,
    /// Thank for the rating, which is saved.
    Thank,
    /// Record that no ticket is wanted.
    DeclineTicket,
    /// Leave the unknown outcome.
    LeaveTicket,
    /// Ask the question again.
    AskAgain,
    /// Show what is known of the ticket again.
    ShowTicket,
    /// Nothing: it is being done already.
    Busy,
    /// Nothing: it has been done already.
    Done,
}

impl TurnState {
    /// The state that a button was made for, `doubts` being its memo's: what holds when nobody remembers the turn.
    pub fn before(action: Action, doubts: u32) -> Self {
        match action {
            Action::Helpful | Action::Unhelpful => Self::Unrated,
            Action::CreateTicket | Action::DeclineTicket => Self::TicketOffered,
            // Whoever was creating that ticket is gone, and may have sent the request.
            Action::CheckTicket => Self::TicketUnknown { doubts: doubts + 1 },
            Action::CreateAgain | Action::LeaveTicket => Self::TicketUnknown { doubts: doubts.max(1) },
            Action::AskAgain => Self::Failed,
        }
    }

    /// The state at a time: a lease that is over gives the turn back.
    pub fn at(&self, now: Timestamp) -> Self {
        match self.claim() {
            Some(claim) if claim.lease <= now => self.left(),
            _ => self.clone(),
        }
    }

    /// What is left when nobody is at work on it any more. A call that may have been sent is never taken back; its
    /// outcome is unknown.
    pub fn left(&self) -> Self {
        match self {
            Self::Asking(_) => Self::Failed,
            Self::Rating(_) => Self::Unrated,
            Self::TicketClaimed { doubts, .. } => Self::unclaimed(*doubts),
            Self::TicketCalling { doubts, .. } => Self::TicketUnknown { doubts: doubts + 1 },
            other => other.clone(),
        }
    }

    /// Who is at work on it.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Asking(claim) | Self::Rating(claim) => Some(claim),
            Self::TicketClaimed { claim, .. } | Self::TicketCalling { claim, .. } => Some(claim),
            _ => None,
        }
    }

    /// The state that a claim leaves behind when nothing was sent.
    pub fn unclaimed(doubts: u32) -> Self {
        if doubts == 0 { Self::TicketOffered } else { Self::TicketUnknown { doubts } }
    }

    /// How many requests may have created a ticket that nobody knows of.
    pub fn doubts(&self) -> u32 {
        match self {
            Self::TicketUnknown { doubts }
            | Self::TicketClaimed { doubts, .. }
            | Self::TicketCalling { doubts, .. } => *doubts,
            _ => 0,
        }
    }

    /// What a press leads to that a process had begun with and is gone; `left` is what it left of this state, `doubts` is
    /// the button's. What may have been sent is not sent again without a person's decision.
    pub fn press_again(&self, action: Action, doubts: u32, left: &Self) -> Press {
        match (self, action) {
            (Self::Rating(_), _) if left != self => Press::RateAgain,
            (Self::Rated(Rating::Helpful), Action::Helpful) => Press::Thank,
            (Self::Rated(Rating::Unhelpful), Action::Unhelpful) => Press::Thank,
            (Self::TicketDeclined, Action::DeclineTicket) => Press::DeclineTicket,
            _ => left.press(action, doubts),
        }
    }

    /// What a press leads to in this state, on a button that was made when there were so many doubts.
    pub fn press(&self, action: Action, doubts: u32) -> Press {
        use Action as A;
        match (self, action) {
            (Self::Unrated, A::Helpful) => Press::Rate(Rating::Helpful),
            (Self::Unrated, A::Unhelpful) => Press::Rate(Rating::Unhelpful),
            (Self::TicketOffered | Self::TicketRejected, A::CreateTicket) => Press::CreateTicket,
            (Self::TicketOffered | Self::TicketRejected, A::DeclineTicket) => Press::DeclineTicket,
            (Self::TicketUnknown { doubts: now }, A::CreateAgain) if *now == doubts => Press::CreateTicket,
            (Self::TicketUnknown { doubts: now }, A::LeaveTicket) if *now == doubts => Press::LeaveTicket,
            (Self::Failed, A::AskAgain) => Press::AskAgain,
            // Such a button shows that there was an answer, whatever became known of its delivery.
            (Self::Failed, A::Helpful | A::Unhelpful | A::CreateTicket | A::DeclineTicket) => {
                Self::before(action, doubts).press(action, doubts)
            }
            (Self::Asking(_) | Self::Rating(_), _) => Press::Busy,
            (Self::TicketClaimed { .. } | Self::TicketCalling { .. }, _) => Press::Busy,
            (
                Self::TicketOffered
                | Self::TicketCreated(_)
                | Self::TicketRejected
                | Self::TicketUnknown { .. }
                | Self::TicketDeclined
                | Self::TicketLeft,
                A::CreateTicket | A::DeclineTicket | A::CheckTicket | A::CreateAgain | A::LeaveTicket,
            ) => Press::ShowTicket,
            // A button of another kind than its turn: the turn has moved on since.
            _ => Press::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_lasted_too_long_leaves_the_doubt_that_it_found() {
        let now = Timestamp::UNIX_EPOCH;
        let claim = Claim { job: "1".into(), fence: 1, lease: now };
        let at = |doubts| TurnState::TicketClaimed { claim: claim.clone(), doubts }.at(now);
        assert_eq!([at(0), at(2)], [TurnState::TicketOffered, TurnState::TicketUnknown { doubts: 2 }]);
    }

    #[test]
    fn a_decision_holds_for_the_doubt_that_it_is_about() {
        let unknown = TurnState::TicketUnknown { doubts: 2 };
        for (action, now) in
            [(Action::CreateAgain, Press::CreateTicket), (Action::LeaveTicket, Press::LeaveTicket)]
        {
            assert_eq!([1, 2].map(|doubts| unknown.press(action, doubts)), [Press::ShowTicket, now]);
        }
    }

    #[test]
    fn the_buttons_of_an_answer_whose_delivery_was_thought_to_have_failed_work() {
        let press = |action| TurnState::Failed.press(action, 0);
        assert_eq!(press(Action::Helpful), Press::Rate(Rating::Helpful));
        assert_eq!(press(Action::CreateTicket), Press::CreateTicket);
        assert_eq!(press(Action::AskAgain), Press::AskAgain);
    }

    #[test]
    fn a_press_over_which_a_process_died_sends_nothing_that_may_have_been_sent() {
        use Action as A;
        let claim = || Claim { job: "1".into(), fence: 1, lease: Timestamp::MAX };
        let again = |state: TurnState, action| state.press_again(action, 1, &state.left());
        let calling = TurnState::TicketCalling { claim: claim(), doubts: 1 };
        for action in [A::CreateTicket, A::CreateAgain] {
            assert_eq!(again(calling.clone(), action), Press::ShowTicket);
        }
        assert_eq!(again(TurnState::TicketUnknown { doubts: 2 }, A::CreateAgain), Press::ShowTicket);
        assert_eq!(again(TurnState::Rating(claim()), A::Helpful), Press::RateAgain);
        assert_eq!(again(TurnState::Rated(Rating::Helpful), A::Helpful), Press::Thank);
        assert_eq!(again(TurnState::Rated(Rating::Unhelpful), A::Helpful), Press::Done);
        assert_eq!(again(TurnState::TicketCreated("1".into()), A::CreateTicket), Press::ShowTicket);
    }

    #[test]
    fn a_press_over_which_a_process_died_is_gone_on_with_where_nothing_was_sent() {
        use Action as A;
        let claim = || Claim { job: "1".into(), fence: 1, lease: Timestamp::MAX };
        let again = |state: TurnState, action| state.press_again(action, state.doubts(), &state.left());
        for action in [A::CreateTicket, A::DeclineTicket] {
            let claimed = TurnState::TicketClaimed { claim: claim(), doubts: 0 };
            assert_eq!(again(claimed, action), TurnState::TicketOffered.press(action, 0));
        }
        let claimed = TurnState::TicketClaimed { claim: claim(), doubts: 2 };
        assert_eq!(again(claimed, A::CreateAgain), Press::CreateTicket);
        assert_eq!(again(TurnState::Asking(claim()), A::AskAgain), Press::AskAgain);
        assert_eq!(again(TurnState::TicketDeclined, A::DeclineTicket), Press::DeclineTicket);
        assert_eq!(again(TurnState::Unrated, A::Helpful), Press::Rate(Rating::Helpful));
    }
}
