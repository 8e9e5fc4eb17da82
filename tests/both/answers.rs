//! Answers: with sources and thumbs, or with a ticket prompt, and never with both.

use insta::assert_snapshot;
use threadbridge::demo::agent::{Answer, Ask, Scripted, Source};

use crate::both;
use crate::chat::{Chat, confident, doubtful};

/// What one question leads to.
async fn asked<C: Chat>(brain: fn(&Ask) -> Scripted) -> String {
    let chat = C::with(&[], brain).await;
    let thread = chat.asks("jane", "How do I reset a password?").await;
    let seen = chat.seen(&thread);
    chat.finish().await;
    seen
}

#[tokio::test]
async fn a_sure_answer_has_sources_and_thumbs_and_no_prompt() {
    assert_snapshot!(both!(asked, confident), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Go to **Settings > Users** and press *Reset*.
      · *Sources:* Password Reset Guide
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      Go to **Settings > Users** and press _Reset_.
      **Sources:** Password Reset Guide [1]
      Very sure · 92 %
      (1) Password Reset Guide
      (👍 👎)
    ");
}

#[tokio::test]
async fn an_unsure_answer_has_a_prompt_and_no_thumbs() {
    assert_snapshot!(both!(asked, doubtful), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      I'm not confident I can help with this.
      · Not very sure · 35 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      I'm not confident I can help with this.
      Not very sure · 35 %
    Threadbridge
      | I couldn't find a confident answer. Would you like to create a support ticket?
      | [Yes, Create Ticket] [No Thanks]
    ");
}

#[tokio::test]
async fn an_answer_that_must_be_escalated_has_a_prompt_and_no_thumbs_however_sure_it_is() {
    fn escalating(_: &Ask) -> Scripted {
        let answer = Answer::unsure("Only support can do that.").confidence(0.97);
        Scripted::Answer(answer.source(Source::how_to("Refund Guide", "kb_002", 0.9)))
    }
    assert_snapshot!(both!(asked, escalating), @"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      Only support can do that.
      · *Sources:* Refund Guide
      · Very sure · 97 %
      I couldn't find a confident answer. Would you like to create a support ticket?
      [Yes, Create Ticket (primary)] [No Thanks]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      Only support can do that.
      **Sources:** Refund Guide [1]
      Very sure · 97 %
      (1) Refund Guide
    Threadbridge
      | I couldn't find a confident answer. Would you like to create a support ticket?
      | [Yes, Create Ticket] [No Thanks]
    ");
}

#[tokio::test]
async fn what_is_foreign_in_an_answer_calls_nobody_and_leads_nowhere_else() {
    fn hostile(_: &Ask) -> Scripted {
        let text = "<!channel> <@U0TOM> @here <at>everyone</at> <b>bold</b> [a](javascript:alert(1)) \
                    [https://bank.example](https://evil.example) &lt;!here&gt;";
        Scripted::Answer(Answer::confident(text).source(Source::how_to(
            "<at>Tom</at> <!here> *x*",
            "kb_1",
            0.9,
        )))
    }
    assert_snapshot!(both!(asked, hostile), @r"
    ──── Slack
    Jane Smith
      @Threadbridge How do I reset a password?
    Threadbridge
      &lt;!channel> &lt;@U0TOM> @here &lt;at>everyone&lt;/at> &lt;b>bold&lt;/b> a https://bank.example ([evil.example](https://evil.example)) &lt;!here&gt;
      · *Sources:* <at>Tom</at> <!here> *x*
      · Very sure · 92 %
      [👍 Helpful] [👎 Not helpful]
    ──── Teams
    jane
      How do I reset a password?
    Threadbridge · AI generated
      &lt;!channel> &lt;@U0TOM> @here &lt;at>everyone&lt;/at> &lt;b>bold&lt;/b> [a]⟨WJ⟩(javascript:alert(1)) [[https://bank.example](https://bank.example)]⟨WJ⟩([https://evil.example](https://evil.example)) &amp;lt;!here&amp;gt;
      **Sources:** &lt;at>Tom&lt;/at> &lt;!here> \*x\* [1]
      Very sure · 92 %
      (1) <at>Tom</at> <!here> *x*
      (👍 👎)
    ");
}

#[tokio::test]
async fn a_long_answer_comes_whole_with_thumbs_below_its_end_alone() {
    fn long(_: &Ask) -> Scripted {
        let words: Vec<String> = (0..2_000).map(|n| format!("word{n:04}")).collect();
        Scripted::Answer(Answer::confident(words.join(" ")).confidence(0.9))
    }
    async fn parts<C: Chat>() -> String {
        let seen = asked::<C>(long).await;
        let counted = seen.lines().map(|line| match line.matches("word").count() {
            0 => line.to_owned(),
            words => format!("  ({words} words)"),
        });
        counted.collect::<Vec<_>>().join("\n")
    }
    assert_snapshot!(both!(parts), @"
    ──── Slack
    Jane Smith
      (1 words)
    Threadbridge
      (file The whole answer, 17999 bytes)
    Threadbridge
      (311 words)
      · The whole answer is long, so it is attached as a file.
      · Very sure · 90 %
      [👍 Helpful] [👎 Not helpful]
    ──── Teams
    jane
      (1 words)
    Threadbridge · AI generated
      (888 words)
    Threadbridge · AI generated
      (888 words)
    Threadbridge · AI generated
      (224 words)
      Very sure · 90 %
      (👍 👎)
    ");
}
