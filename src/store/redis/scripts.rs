//! The steps of the store as Lua scripts: Redis does each of them whole, with nobody in between.
//!
//! They make the names of keys themselves, which a Redis Cluster does not allow; opening refuses one.
//!
//! | key | is |
//! | --- | --- |
//! | `tb:meta` | the schema's number, and the check value of the seal |
//! | `tb:seen:{delivery}` | when it is no longer known |
//! | `tb:seq`, `tb:fence` | the last job's number, the last hold's fence or installation's version |
//! | `tb:inbox:q`, `tb:inbox:c` | unfinished questions and clicks: job → sealed inbound |
//! | `tb:out` | job → sealed outgoing |
//! | `tb:tries` | job → how often it was begun, and the fence of whoever began it last |
//! | `tb:queue:{queue}` | a sorted set of jobs, by the time at which they were said |
//! | `tb:busy` | queue → its owner, the fence, and since when nobody has come for its first job (or 0); or `-`, 0, and since when nobody could open its first job (or 0) |
//! | `tb:replica:{owner}` | since when that process lives without a gap; gone when it does not |
//! | `tb:session:{thread}` | when it ends, the sealed session |
//! | `tb:turn:{thread}\|{question}` | when it ends, its state |
//! | `tb:block:{digest of a person}` | until when |
//! | `tb:claim:{name}` | until when somebody has it |
//! | `tb:installations` | workspace → its version, a space, the sealed record |
//! | `tb:tickets:{person}` | ticket → when it ends, a space, the sealed ticket |
//! | `tb:answer:{thread}\|{message}` | when it ends, what was noted of the message, sealed |
//! | `tb:counts:{workspace}` | day, a space, what is counted → how often |
//!
//! Times are in microseconds. What ends is compared with the caller's time; Redis's own expiry only clears away.

use redis::Script;

/// The scripts, each named as its file.
pub(super) struct Scripts {
    pub(super) open: Script,
    pub(super) accept: Script,
    pub(super) next: Script,
    pub(super) keep: Script,
    pub(super) finish: Script,
    pub(super) release: Script,
    pub(super) save_session: Script,
    pub(super) knows: Script,
    pub(super) advance: Script,
    pub(super) block: Script,
    pub(super) tend: Script,
    pub(super) leave: Script,
    pub(super) scan: Script,
    pub(super) purge_job: Script,
    pub(super) claim: Script,
    pub(super) save_installation: Script,
    pub(super) reseal: Script,
    pub(super) note_ticket: Script,
    pub(super) note_answer: Script,
    pub(super) count: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            open: Script::new(include_str!("open.lua")),
            accept: Script::new(concat!(include_str!("fence.lua"), include_str!("accept.lua"))),
            next: Script::new(concat!(include_str!("held.lua"), include_str!("next.lua"))),
            keep: Script::new(concat!(include_str!("held.lua"), include_str!("keep.lua"))),
            finish: Script::new(concat!(include_str!("held.lua"), include_str!("finish.lua"))),
            release: Script::new(concat!(include_str!("held.lua"), include_str!("release.lua"))),
            save_session: Script::new(concat!(include_str!("held.lua"), include_str!("save_session.lua"))),
            knows: Script::new(include_str!("knows.lua")),
            advance: Script::new(include_str!("advance.lua")),
            block: Script::new(include_str!("block.lua")),
            tend: Script::new(concat!(include_str!("fence.lua"), include_str!("tend.lua"))),
            leave: Script::new(include_str!("leave.lua")),
            scan: Script::new(include_str!("scan.lua")),
            purge_job: Script::new(include_str!("purge_job.lua")),
            claim: Script::new(include_str!("claim.lua")),
            save_installation: Script::new(concat!(
                include_str!("fence.lua"),
                include_str!("save_installation.lua")
            )),
            reseal: Script::new(include_str!("reseal.lua")),
            note_ticket: Script::new(include_str!("note_ticket.lua")),
            note_answer: Script::new(include_str!("note_answer.lua")),
            count: Script::new(include_str!("count.lua")),
        }
    }
}
