//! Answers, as people see them.

use crate::world::{World, doubtful};

#[tokio::test]
async fn a_confident_answer_has_its_sources_and_thumbs() {
    let world = World::new().await;
    let root = world.asks("How do I reset a password?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"");
    world.finish().await;
}

#[tokio::test]
async fn a_doubtful_answer_offers_a_ticket() {
    let world = World::with(&[], doubtful).await;
    let root = world.asks("How do I fix error code X1234?").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"");
    let answer = world.last("C0LETTINGS", &root);
    world.press("U0JANE", &answer, "Yes, Create Ticket").await;
    insta::assert_snapshot!(world.see("C0LETTINGS", &root), @"");
    world.finish().await;
}
