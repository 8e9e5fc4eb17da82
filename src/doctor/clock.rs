//! The clock: does this machine's agree with that of who signs what arrives.

use jiff::Timestamp;

use super::report::Check;

pub(super) const NAME: &str = "clock";

/// From which difference on the clock is looked at, and from which on it is wrong, in seconds: Slack's signatures hold
/// for 300, and so much the times in Microsoft's tokens may be off.
const ODD_SKEW: i64 = 30;
const WRONG_SKEW: i64 = 240;

/// `theirs` is what they said between `before` and `after`.
pub(super) fn check(whose: &str, theirs: Option<Timestamp>, before: Timestamp, after: Timestamp) -> Check {
    let Some(theirs) = theirs else {
        return Check::skipped(NAME, format!("{whose} did not say what time it is"), None);
    };
    let skew = skew(theirs, before, after);
    let finding = match skew {
        0.. => format!("this machine's clock is {skew} s behind {whose}'s"),
        _ => format!("this machine's clock is {} s ahead of {whose}'s", -skew),
    };
    let fix = "turn time synchronisation on: `timedatectl set-ntp true`";
    match skew.abs() {
        ..ODD_SKEW => Check::ok(NAME, format!("this machine's clock agrees with {whose}'s")),
        ODD_SKEW..WRONG_SKEW => Check::warning(NAME, finding, fix),
        _ => Check::failed(NAME, format!("{finding}: requests are refused from 300 s on"), fix),
    }
}

/// By how many seconds their clock is surely ahead of ours; their time is cut off to the second, and was asked for some
/// time between two.
fn skew(theirs: Timestamp, before: Timestamp, after: Timestamp) -> i64 {
    let theirs = theirs.as_second();
    let (ahead, behind) = (theirs - after.as_second(), before.as_second() - (theirs + 1));
    if 0 < ahead {
        ahead
    } else if 0 < behind {
        -behind
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_a_difference_of_the_clocks_is_one() {
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        assert_eq!(skew(at(0), at(0), at(0)), 0);
        // It answered slowly: their time may be that of any moment between.
        assert_eq!(skew(at(5), at(0), at(9)), 0);
        assert_eq!(skew(at(60), at(0), at(2)), 58);
        assert_eq!(skew(at(-60), at(0), at(2)), -59);
    }
}
