//! What is kept of people's words: JSON, sealed for the place where it is kept.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::seal::Seal;

/// Why something that was kept cannot be read. Whatever may be read by somebody else comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unreadable {
    /// It was sealed with a key that this process does not have.
    UnknownKey,
    /// It opens, and another version of Threadbridge must have written what is in it.
    OtherVersion,
    /// It does not open with the key that it was sealed with: it was changed, or is in the place of something else.
    Damaged,
}

/// A value as it is kept.
pub(super) fn seal<T: Serialize>(value: &T, context: &str, seal: &Seal) -> Vec<u8> {
    seal.seal_bytes(&serde_json::to_vec(value).expect("its maps have strings for keys"), context)
}

/// Opens what [`seal`] sealed, and reads it.
pub(super) fn open<T: DeserializeOwned>(sealed: &[u8], context: &str, seal: &Seal) -> Result<T, Unreadable> {
    if !seal.has_key_of(sealed) {
        return Err(Unreadable::UnknownKey);
    }
    let plain = seal.open_bytes(sealed, context).ok_or(Unreadable::Damaged)?;
    serde_json::from_slice(&plain).map_err(|_| Unreadable::OtherVersion)
}

/// What is kept of a job; where a part of it cannot be read, why the job must wait, or be dropped.
pub(super) fn both<A, B>(
    one: Result<A, Unreadable>,
    other: Result<B, Unreadable>,
) -> Result<(A, B), Unreadable> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(one.min(other)),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_with_its_key_in_its_place_by_a_version_that_knows_it() {
        let [ours, theirs] = ["a key", "another key"].map(|key| Seal::new(&[key]));
        let sealed = seal(&7, "here", &ours);
        assert_eq!(open(&sealed, "here", &ours), Ok(7));
        assert_eq!(open::<u8>(&sealed, "here", &theirs), Err(Unreadable::UnknownKey));
        assert_eq!(open::<String>(&sealed, "here", &ours), Err(Unreadable::OtherVersion));
        assert_eq!(open::<u8>(&sealed, "there", &ours), Err(Unreadable::Damaged));
        assert_eq!(open::<u8>(&sealed[..20], "here", &ours), Err(Unreadable::Damaged));
    }

    #[test]
    fn a_job_of_which_somebody_else_may_read_a_part_is_not_damaged() {
        let [waits, damaged] = [Unreadable::OtherVersion, Unreadable::Damaged].map(Err::<u8, _>);
        assert_eq!(both(waits, damaged), Err(Unreadable::OtherVersion));
        assert_eq!(both(damaged, waits), Err(Unreadable::OtherVersion));
        assert_eq!(both(Ok(1), damaged), Err(Unreadable::Damaged));
        assert_eq!(both(Ok(1), Ok(2)), Ok((1, 2)));
    }
}
