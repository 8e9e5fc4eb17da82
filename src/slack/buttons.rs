//! Buttons that carry their turn, sealed: plain ones, and Slack's own for feedback. Pure.

use serde_json::Value;
use slack_morphism::SlackActionId;
use slack_morphism::blocks::{
    SlackAccessibilityLabel, SlackActionBlockElement, SlackActionsBlock, SlackBlockButtonElement,
    SlackBlockButtonStyle, SlackBlockFeedbackButtonsElement, SlackBlockId, SlackBlockPlainText,
    SlackContextActionsBlock, SlackFeedbackButtonItem,
};

use super::blocks::{Look, TAIL, value};
use crate::chat::{Action, Button, TurnMemo, wording};

/// A row of buttons, in the tail.
pub(super) fn buttons(memo: &TurnMemo, actions: &[Action], look: Look<'_>) -> Value {
    let elements = actions.iter().map(|action| button(memo, *action, look)).collect();
    value(SlackActionsBlock::new(elements).with_block_id(tail_id(look)).into())
}

fn button(memo: &TurnMemo, action: Action, look: Look<'_>) -> SlackActionBlockElement {
    let text = SlackBlockPlainText::new(wording::label(action).into()).with_emoji(true);
    let button = SlackBlockButtonElement::new(text.into())
        .with_action_id(SlackActionId::new(action_id(action).into()))
        .with_value(sealed(memo, action, look))
        .with_accessibility_label(SlackAccessibilityLabel::new(wording::description(action).into()));
    match action {
        Action::CreateTicket => button.with_style(SlackBlockButtonStyle::Primary).into(),
        _ => button.into(),
    }
}

/// Slack's own thumbs, in the tail.
pub(super) fn native_thumbs(memo: &TurnMemo, look: Look<'_>) -> Value {
    let item = |action| {
        let text = SlackBlockPlainText::new(wording::label(action).into()).with_emoji(true);
        SlackFeedbackButtonItem::new(text.into(), sealed(memo, action, look))
            .with_accessibility_label(SlackAccessibilityLabel::new(wording::description(action).into()))
    };
    let thumbs = SlackBlockFeedbackButtonsElement::new(item(Action::Helpful), item(Action::Unhelpful))
        .with_action_id(SlackActionId::new("rate".into()));
    value(SlackContextActionsBlock::new(vec![thumbs.into()]).with_block_id(tail_id(look)).into())
}

fn sealed(memo: &TurnMemo, action: Action, look: Look<'_>) -> String {
    (look.seal)(&Button { action, memo: memo.clone() })
}

fn tail_id(look: Look<'_>) -> SlackBlockId {
    SlackBlockId::new(format!("{TAIL}:{}:{}", look.root, look.edition))
}

fn action_id(action: Action) -> &'static str {
    match action {
        Action::Helpful => "helpful",
        Action::Unhelpful => "unhelpful",
        Action::CreateTicket => "create_ticket",
        Action::DeclineTicket => "decline_ticket",
        Action::CheckTicket => "check_ticket",
        Action::CreateAgain => "create_again",
        Action::LeaveTicket => "leave_ticket",
        Action::AskAgain => "ask_again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{AgentKind, Audience};
    use crate::seal::Seal;

    /// The most characters of a button's value (Slack's reference of Block Kit, element *Button*).
    const MOST_CHARACTERS: usize = 2_000;

    #[test]
    fn the_largest_turn_fits_into_a_button_when_it_is_sealed() {
        // The longest ids that are taken, of what JSON writes longest.
        let longest = "\"".repeat(200);
        let memo = TurnMemo {
            asker: longest.as_str().into(),
            question: longest.as_str().into(),
            session: "customer-session-123456789".into(),
            agent: AgentKind::Customer,
            confidence: Some(0.1 + 0.2),
            audience: Audience::Workspace,
            sourced: true,
            outsider: true,
            failure: Some(longest.as_str().into()),
            doubts: u32::MAX,
        };
        let button = Button { action: Action::CreateTicket, memo };
        let plain = serde_json::to_vec(&button).expect("its maps have strings for keys");
        let sealed = Seal::new(&["a key"]).seal(&plain, "here");
        assert!(sealed.len() <= MOST_CHARACTERS, "{}", sealed.len());
    }
}
