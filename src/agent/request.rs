//! What is sent to the agent: the contract's JSON shapes, field by field.

use bytes::Bytes;
use serde::Serialize;

use super::{EscalationReason, Failure, Feedback};
use crate::chat::{AgentKind, HistoryEntry, Private, Rating, SessionId, UserInfo};

/// The body of a question.
pub(super) fn chat(session: &SessionId, message: &str, user: &UserInfo) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        message: &'a str,
        session_id: &'a SessionId,
        user_info: &'a UserInfo,
    }
    json(&Body { message, session_id: session, user_info: user })
}

/// The body that records a failure: the user is flattened into it.
pub(super) fn failure(failure: &Failure<'_>) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        session_id: &'a SessionId,
        agent_id: &'a Private<String>,
        query: &'a str,
        agent_response: &'a str,
        confidence_score: f64,
        escalation_reason: EscalationReason,
        user_email: &'a Private<String>,
        user_name: &'a Private<String>,
        user_agency: &'a Private<String>,
        user_office: &'a Private<String>,
        agent_type: AgentKind,
    }
    let user = failure.user;
    json(&Body {
        session_id: failure.session,
        agent_id: &user.crm_id,
        query: failure.query,
        agent_response: failure.answer,
        // The contract asks for a number, so an unknown confidence is none.
        confidence_score: finite(failure.confidence).unwrap_or(0.0),
        escalation_reason: failure.reason,
        user_email: &user.email,
        user_name: &user.name,
        user_agency: &user.agency,
        user_office: &user.office,
        agent_type: failure.kind,
    })
}

/// The body that creates a ticket.
pub(super) fn ticket(history: &[HistoryEntry]) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        conversation_history: &'a [HistoryEntry],
    }
    json(&Body { conversation_history: history })
}

/// The body of a rating: the user has the fields, and the name of the name, that this endpoint wants.
pub(super) fn feedback(feedback: &Feedback<'_>) -> Bytes {
    #[derive(Serialize)]
    struct Body<'a> {
        message_id: &'a str,
        session_id: &'a SessionId,
        feedback_type: Rating,
        query: &'a str,
        response: &'a str,
        agent_type: AgentKind,
        user_info: Rater<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence_score: Option<f64>,
        sources_used: &'a [Private<String>],
    }
    #[derive(Serialize)]
    struct Rater<'a> {
        agent_id: &'a Private<String>,
        email: &'a Private<String>,
        full_name: &'a Private<String>,
    }
    let user = feedback.user;
    json(&Body {
        message_id: feedback.message_id,
        session_id: feedback.session,
        feedback_type: feedback.rating,
        query: feedback.query,
        response: feedback.response,
        agent_type: feedback.kind,
        user_info: Rater { agent_id: &user.crm_id, email: &user.email, full_name: &user.name },
        confidence_score: finite(feedback.confidence),
        sources_used: feedback.sources,
    })
}

/// JSON has no NaN and no infinity.
fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("structs of texts and numbers always become JSON").into()
}
