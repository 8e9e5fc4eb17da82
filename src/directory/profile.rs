//! The platform's own profile as a source: custom profile fields mapped to the contract's fields.

use std::collections::BTreeMap;

use super::record::{Field, Record};
use super::{Answer, DirectoryError};
use crate::chat::Profile;

/// Which part of a profile each contract field is taken from.
pub(super) struct Mapping(Vec<(Field, Origin)>);

/// A part of a profile.
enum Origin {
    Email,
    Name,
    UserId,
    /// A custom field, by the platform's id.
    Custom(String),
}

impl Mapping {
    /// Reads the setting: contract field → `email`, `name`, `user_id` or a platform field id.
    ///
    /// # Errors
    /// When a key is no contract field, or a required field has no origin: then nobody could be found.
    pub(super) fn new(settings: &BTreeMap<String, String>) -> Result<Self, DirectoryError> {
        let mut mapping = Vec::with_capacity(settings.len());
        for (name, origin) in settings {
            let field = Field::named(name).ok_or_else(|| DirectoryError::NotAField { name: name.clone() })?;
            let origin = match origin.trim() {
                "" => continue,
                "email" => Origin::Email,
                "name" => Origin::Name,
                "user_id" => Origin::UserId,
                custom => Origin::Custom(custom.to_owned()),
            };
            mapping.push((field, origin));
        }
        let unmapped = Field::required().find(|field| mapping.iter().all(|(mapped, _)| mapped != field));
        match unmapped {
            Some(field) => Err(DirectoryError::NotMapped { field: field.name() }),
            None => Ok(Self(mapping)),
        }
    }

    /// Who the profile says that its owner is.
    pub(super) fn read(&self, profile: &Profile) -> Answer {
        let mut record = Record::default();
        for (field, origin) in &self.0 {
            let text = match origin {
                Origin::Email => profile.email.as_ref().map(|email| email.as_str()),
                Origin::Name => Some(profile.name.as_str()),
                Origin::UserId => Some(profile.user_id.as_str()),
                Origin::Custom(id) => {
                    profile.fields.iter().find(|(field, _)| field == id).map(|(_, text)| text.as_str())
                }
            };
            record.set(*field, text.unwrap_or_default());
        }
        Answer::of(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(field, origin)| ((*field).to_owned(), (*origin).to_owned())).collect()
    }

    fn full() -> BTreeMap<String, String> {
        settings(&[
            ("agent_id", "user_id"),
            ("email", "email"),
            ("name", "name"),
            ("agency", "Xf1"),
            ("office", "Xf2"),
            ("phone", "Xf3"),
        ])
    }

    #[test]
    fn mapped_fields_make_a_person_and_blank_ones_are_missing() {
        let mapping = Mapping::new(&full()).ok().unwrap();
        let mut profile = Profile {
            user_id: "U1".into(),
            email: Some("a@b.example".into()),
            name: " Ann ".into(),
            fields: vec![("Xf2".into(), "Durban".into()), ("Xf1".into(), "Sales".into())],
            ..Profile::default()
        };
        let Answer::Found(info) = mapping.read(&profile) else { panic!("not found") };
        assert_eq!((info.crm_id.as_str(), info.name.as_str(), info.agency.as_str()), ("U1", "Ann", "Sales"));
        assert_eq!((info.office.as_str(), &info.phone), ("Durban", &None));

        profile.fields[1].1 = " ".into();
        profile.email = None;
        let answer = mapping.read(&profile);
        assert!(matches!(answer, Answer::Incomplete(missing) if missing == ["email", "agency"]));
    }

    #[test]
    fn a_mapping_that_can_find_nobody_names_the_key() {
        let mut lacking = full();
        lacking.insert("office".into(), " ".into());
        let error = Mapping::new(&lacking).err().unwrap().to_string();
        assert!(error.contains("directory.profile.office"), "{error}");
        let mut unknown = full();
        unknown.insert("shoe_size".into(), "Xf9".into());
        let error = Mapping::new(&unknown).err().unwrap().to_string();
        assert!(error.contains("directory.profile.shoe_size"), "{error}");
    }
}
