//! Answers: sure ones can be rated, unsure ones offer a ticket, and no answer does both or is cut.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Answer, Ask, Scripted, Source};

use crate::chat::on_both;
use crate::world::{confident, doubtful};

#[tokio::test]
async fn a_sure_answer_has_its_sources_and_can_be_rated() {
    let seen = on_both(confident, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        chat.thread(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        Go to **Settings > Users** and press *Reset*.
        · *Sources:* Password Reset Guide
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
    teams:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        Go to **Settings > Users** and press _Reset_.

        **Sources:** Password Reset Guide [1]

        Very sure · 92 %
        · AIGeneratedContent
        · [1] Password Reset Guide: An article of the knowledge base (how to). It fits the question by 95 %.
        [👍] [👎]
    ");
}

#[tokio::test]
async fn an_unsure_answer_offers_a_ticket_and_cannot_be_rated() {
    let seen = on_both(doubtful, async |chat| {
        let thread = chat.asks("How do I reset a password?").await;
        chat.thread(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        I'm not confident I can help with this.
        · Not very sure · 35 %
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket (primary)] [No Thanks]
    teams:
      Jane Smith
        @Threadbridge How do I reset a password?
      Threadbridge
        I'm not confident I can help with this.

        Not very sure · 35 %
        · AIGeneratedContent
      Threadbridge
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket] [No Thanks]
    ");
}

#[tokio::test]
async fn an_answer_that_asks_for_a_ticket_offers_one_however_sure_it_is() {
    let brain = |_: &Ask| {
        let answer = Answer::unsure("Only an admin can do that.").confidence(0.9);
        Scripted::Answer(answer.source(Source::how_to("Admin Guide", "kb_002", 0.9)))
    };
    let seen = on_both(brain, async |chat| {
        let thread = chat.asks("Can you reset my password?").await;
        chat.shown(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        Only an admin can do that.
        · *Sources:* Admin Guide
        · Very sure · 90 %
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket (primary)] [No Thanks]
    teams:
      Threadbridge
        Only an admin can do that.

        **Sources:** Admin Guide [1]

        Very sure · 90 %
        · AIGeneratedContent
        · [1] Admin Guide: An article of the knowledge base (how to). It fits the question by 90 %.
      Threadbridge
        I couldn't find a confident answer. Would you like to create a support ticket?
        [Yes, Create Ticket] [No Thanks]
    ");
}

#[tokio::test]
async fn a_long_answer_is_whole_in_several_messages_and_only_the_last_has_buttons_and_sources() {
    /// More than fit into one message anywhere, and fewer than become a file in Slack.
    const SENTENCES: usize = 300;
    fn sentence(number: usize) -> String {
        format!("Sentence number {number} says a little.")
    }
    fn brain(ask: &Ask) -> Scripted {
        let text: String = (0..SENTENCES).map(|number| sentence(number) + "\n\n").collect();
        let answer = if ask.message == "one" { Answer::confident(text) } else { Answer::unsure(text) };
        Scripted::Answer(answer.source(Source::how_to("Admin Guide", "kb_002", 0.9)))
    }
    on_both(brain, async |chat| {
        for (question, [buttons, others]) in
            [("one", ["👍", "Create Ticket"]), ("two", ["Create Ticket", "👍"])]
        {
            let thread = chat.asks(question).await;
            let shown = chat.shown(&thread);
            assert!(1 < chat.said(&thread).len());
            for number in 0..SENTENCES {
                assert_eq!(shown.matches(&sentence(number)).count(), 1);
            }
            let (_, end) = shown.split_once(&sentence(SENTENCES - 1)).unwrap();
            for what in [buttons, "Admin Guide"] {
                assert!(end.contains(what), "{end}");
                assert_eq!(shown.matches(what).count(), end.matches(what).count());
            }
            assert!(!shown.contains(others));
        }
        String::new()
    })
    .await;
}

#[tokio::test]
async fn what_the_agent_writes_pings_nobody_and_leads_nowhere_else() {
    let brain = |_: &Ask| {
        Scripted::Answer(
            Answer::confident(
                "Ask <!channel>, <@U0TOM> or <at>Tom Baker</at>: [https://kb.example](https://evil.example) \
                 [run](javascript:alert(1)) <b>bold</b> &amp; {{DATE(2026-01-01)}}",
            )
            .source(Source::how_to("<at>Everyone</at> [x](https://evil.example)", "kb_002", 0.9)),
        )
    };
    let seen = on_both(brain, async |chat| {
        let thread = chat.asks("Who can help?").await;
        chat.shown(&thread)
    });
    assert_snapshot!(seen.await, @"
    slack:
      Threadbridge
        Ask &lt;!channel>, &lt;@U0TOM> or &lt;at>Tom Baker&lt;/at>: https://kb.example ([evil.example](https://evil.example)) run &lt;b>bold&lt;/b> &amp; {{DATE(2026-01-01)}}
        · *Sources:* <at>Everyone</at> [x](https://evil.example)
        · Very sure · 92 %
        [👍 Helpful] [👎 Not helpful]
    teams:
      Threadbridge
        Ask &lt;!channel>, &lt;@U0TOM> or &lt;at>Tom Baker&lt;/at>: https://kb.example ([evil.example](https://evil.example)) run &lt;b>bold&lt;/b> & {{DATE(2026-01-01)}}

        **Sources:** &lt;at>Everyone&lt;/at> (x)(https://evil.example) [1]

        Very sure · 92 %
        · AIGeneratedContent
        · [1] <at>Everyone</at> [x](https://evil.example): An article of the knowledge base (how to). It fits the question by 90 %.
        [👍] [👎]
    ");
}
