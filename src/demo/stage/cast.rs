//! Who is in the demo's workspace, and who of them is in the CRM.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::workspace::{App, Channel, Person, Setup};
use crate::slack::table::SCOPES;

/// Custom profile fields of the demo's people, and the contract's field that each of them gives.
const FIELDS: [(&str, &str); 4] =
    [("Xf0CRM", "agent_id"), ("Xf0NAME", "name"), ("Xf0AGENCY", "agency"), ("Xf0OFFICE", "office")];
/// Who is in the CRM: user name, id in the CRM, agency, office.
const IN_THE_CRM: [(&str, &str, &str, &str); 3] = [
    ("jane", "hb-2001", "Lettings", "Cape Town"),
    ("tom", "hb-2002", "Sales", "Durban"),
    ("lerato", "hb-2003", "Commercial", "Johannesburg"),
];
/// How long a delivery waits for its acknowledgement. Slack waits 3 s; here nobody delivers again.
const ACK_DEADLINE: Duration = Duration::from_secs(30);

/// The demo's workspace. Where the profiles are the directory, Nova's says nothing, so that she is not in it.
pub(super) fn setup(profiles: bool) -> Setup {
    let everybody_here = ["U0JANE", "U0TOM", "U0LERATO", "U0NOVA", "U0GUS"];
    let within = |channel: Channel| Channel {
        members: Some(everybody_here.iter().map(|&id| id.to_owned()).collect()),
        ..channel
    };
    let mut setup = Setup { ack_deadline: ACK_DEADLINE, ..Setup::default() }
        .with_person(Person::member("U0LERATO", "lerato", "Lerato Dube", "lerato.dube@company.com"))
        .with_channel(within(Channel::public("C0LETTINGS", "lettings")))
        .with_channel(within(Channel::public("C0SALES", "sales")))
        .with_channel(Channel::private("C0BOARD", "board", &["U0JANE", "U0TOM", "U0GUS"]))
        .with_channel(Channel::shared("C0PARTNERS", "partners"));
    for person in setup.users.iter_mut().filter(|person| profiles && person.name == "nova") {
        person.email = None;
    }
    // Those who can ask come first.
    setup.users.sort_by_key(|person| !IN_THE_CRM.iter().any(|(name, ..)| person.name == *name));
    IN_THE_CRM.into_iter().fold(setup, with_crm_fields)
}

/// The app, as it is set up at Slack.
pub(super) fn app() -> App {
    App {
        client_id: "1234.5678".to_owned(),
        client_secret: "simulated-client-secret".into(),
        redirect_urls: Vec::new(),
        scopes: SCOPES.iter().map(|scope| scope.name.to_owned()).collect(),
        rotates: true,
    }
}

/// Which profile field gives which of the contract's fields.
pub(super) fn mapping() -> BTreeMap<String, String> {
    let origins = FIELDS.into_iter().map(|(id, field)| (field, id)).chain([("email", "email")]);
    origins.map(|(field, origin)| (field.to_owned(), origin.to_owned())).collect()
}

/// What somebody's profile says of their place in the CRM: agency and office.
pub(in crate::demo) fn office(person: &Person) -> Option<(&str, &str)> {
    let value = |of: &str| {
        let (id, _) = FIELDS.into_iter().find(|(_, field)| *field == of)?;
        person.fields.iter().find(|(field, _)| field == id).map(|(_, value)| value.as_str())
    };
    value("agency").zip(value("office"))
}

/// Gives one of the workspace's people the profile fields that make up their entry in the CRM.
fn with_crm_fields(setup: Setup, of: (&str, &str, &str, &str)) -> Setup {
    let (name, crm_id, agency, office) = of;
    let Some(person) = setup.person(name).cloned() else { return setup };
    let full_name = person.real_name.clone();
    let values = FIELDS.into_iter().zip([crm_id, &full_name, agency, office]);
    let person = values.fold(person, |person: Person, ((id, _), value)| person.field(id, value));
    setup.with_person(person)
}
