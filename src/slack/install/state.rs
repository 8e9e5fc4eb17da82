//! The state of an installation that has begun: sealed, it goes to Slack and comes back, and the browser has it, too.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::trouble::Trouble;
use crate::seal::Seal;

/// For how long somebody may look at Slack's page, in seconds: as long as Slack's code is good for.
const LIFE: SignedDuration = SignedDuration::from_secs(600);
/// What a state is sealed for.
const CONTEXT: &str = "slack install v1";
/// The cookie's name. Its beginning makes browsers refuse it from any other host, and without `Secure` and `Path=/`.
pub(super) const NAME: &str = "__Host-threadbridge-install";
/// The attributes of the cookie. `Lax`, because it has to come along when Slack sends the browser back.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A state that is good.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// What it is claimed by, so that it is good once.
    pub(super) name: String,
    /// When it ends.
    pub(super) ends: Timestamp,
}

/// A new state; no two are the same.
pub(super) fn begin(seal: &Seal, now: Timestamp) -> String {
    let ends = now + LIFE;
    seal.seal(&ends.as_millisecond().to_be_bytes(), CONTEXT)
}

/// Opens a state that has come back.
///
/// # Errors
/// When it is not ours, or has ended.
pub(super) fn open(seal: &Seal, state: &str, now: Timestamp) -> Result<Begun, Trouble> {
    let plain = seal.open(state, CONTEXT).ok_or(Trouble::ForeignState)?;
    let plain = <[u8; 8]>::try_from(plain).map_err(|_| Trouble::ForeignState)?;
    let ends = Timestamp::from_millisecond(i64::from_be_bytes(plain)).map_err(|_| Trouble::ForeignState)?;
    if ends <= now {
        return Err(Trouble::Expired);
    }
    // There is one way to write a sealed value, so each has one name.
    Ok(Begun { name: format!("install/{}", hex::encode(Sha256::digest(state))), ends })
}

/// The header that gives a browser the state.
pub(super) fn cookie(state: &str) -> String {
    format!("{NAME}={state}; {ATTRIBUTES}; Max-Age={}", LIFE.as_secs())
}

/// The header that takes the state from a browser.
pub(super) fn no_cookie() -> String {
    format!("{NAME}=; {ATTRIBUTES}; Max-Age=0")
}

/// The state that a browser has; `None` also when it has several.
pub(super) fn of_browser(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value.to_owned());
    values.next().filter(|value| !value.is_empty() && values.next().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noon() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_state_is_good_for_ten_minutes() {
        let seal = Seal::new(&["one"]);
        let state = begin(&seal, noon());
        assert!(open(&seal, &state, noon() + SignedDuration::from_secs(599)).is_ok());
        assert_eq!(open(&seal, &state, noon() + LIFE), Err(Trouble::Expired));
    }

    #[test]
    fn no_two_states_are_the_same_and_each_has_a_name_of_its_own() {
        let seal = Seal::new(&["one"]);
        let [one, other] = [(); 2].map(|()| begin(&seal, noon()));
        assert_ne!(one, other);
        let name = |state: &str| open(&seal, state, noon()).unwrap().name;
        assert_ne!(name(&one), name(&other));
        assert_eq!(name(&one), name(&one));
    }

    #[test]
    fn a_state_of_another_key_or_for_something_else_is_foreign() {
        let (ours, theirs) = (Seal::new(&["one"]), Seal::new(&["two"]));
        assert_eq!(open(&ours, &begin(&theirs, noon()), noon()), Err(Trouble::ForeignState));
        let button = ours.seal(&i64::MAX.to_be_bytes(), "button v1 slack/T1/C1/1.1");
        assert_eq!(open(&ours, &button, noon()), Err(Trouble::ForeignState));
        let odd = ours.seal(b"never", CONTEXT);
        assert_eq!(open(&ours, &odd, noon()), Err(Trouble::ForeignState));
    }

    #[test]
    fn a_state_cannot_be_written_in_a_second_way() {
        let seal = Seal::new(&["one"]);
        let state = begin(&seal, noon());
        for other in [format!("{state}="), format!("{state}A"), format!(" {state}"), state.replace('_', "/")]
        {
            assert!(other == state || open(&seal, &other, noon()).is_err(), "{other}");
        }
        for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let other = format!("{}{last}", &state[..state.len() - 1]);
            assert!(other == state || open(&seal, &other, noon()).is_err(), "{other}");
        }
    }

    #[test]
    fn the_browsers_state_is_found_among_its_cookies_unless_there_are_two() {
        let of =
            |lines: &[&str]| of_browser(&lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect());
        assert_eq!(of(&["a=1; __Host-threadbridge-install=x; b=2"]).as_deref(), Some("x"));
        assert_eq!(of(&["a=1", "__Host-threadbridge-install=x"]).as_deref(), Some("x"));
        for none in
            ["", "threadbridge-install=x", "__Host-threadbridge-install=", "__Host-threadbridge-install"]
        {
            assert_eq!(of(&[none]), None, "{none}");
        }
        assert_eq!(of(&["__Host-threadbridge-install=x; __Host-threadbridge-install=y"]), None);
    }

    proptest! {
        #[test]
        fn anything_may_come_back_as_a_state(state in "\\PC*") {
            prop_assert_eq!(open(&Seal::new(&["one"]), &state, noon()), Err(Trouble::ForeignState));
        }
    }
}
