//! What can be used of a configuration that cannot be loaded, for whoever wants to know what else is wrong.

use std::path::Path;

use toml::Table;

use super::file::read_file;
use super::origin::Origins;
use super::overlay::{self, Environment};
use super::{Config, ConfigError, DEFAULTS};

/// The settings so far, and what could not be used.
struct Salvage {
    table: Table,
    origins: Origins,
    wrong: Vec<ConfigError>,
}

impl Config {
    /// Loads what can be used: each setting that is wrong by itself is left at its default. With it comes everything that
    /// is wrong, in the order of the file, the variables, and what does not fit together; a bridge serves only with a
    /// configuration of which nothing is wrong.
    pub fn salvage(file: Option<&Path>, environment: &Environment) -> (Self, Vec<ConfigError>) {
        let table = DEFAULTS.parse().expect("the compiled-in defaults are TOML");
        let mut salvage = Salvage { table, origins: Origins::default(), wrong: Vec::new() };
        if let Some(path) = file {
            match read_file(path) {
                Ok(yours) => salvage.lay_file(yours, &path.display().to_string()),
                Err(error) => salvage.wrong.push(error),
            }
        }
        for variable in environment.one_by_one() {
            salvage.lay(|table, origins| overlay::environment(table, &variable, origins));
        }
        let Salvage { table, origins, mut wrong } = salvage;
        let config = Self::read(table, origins, file, environment).expect("it was read at each step");
        // What only shows when all is loaded, such as a variable that is set twice.
        for error in [Self::load(file, environment).err(), config.check().err()].into_iter().flatten() {
            if !wrong.iter().any(|known| known.to_string() == error.to_string()) {
                wrong.push(error);
            }
        }
        (config, wrong)
    }
}

impl Salvage {
    /// Lays each of a file's settings over what is there.
    fn lay_file(&mut self, yours: Table, path: &str) {
        for (section, value) in yours {
            let ones: Vec<Table> = match value {
                toml::Value::Table(values) => {
                    let one = |pair| Table::from_iter([(section.clone(), Table::from_iter([pair]).into())]);
                    values.into_iter().map(one).collect()
                }
                value => vec![Table::from_iter([(section, value)])],
            };
            for one in ones {
                self.lay(|table, origins| overlay::file(table, &one, path, origins));
            }
        }
    }

    /// Lays something over what is there, if that can be used.
    fn lay(&mut self, lay: impl FnOnce(&mut Table, &mut Origins) -> Result<(), ConfigError>) {
        let (mut table, mut origins) = (self.table.clone(), self.origins.clone());
        let laid = lay(&mut table, &mut origins);
        if laid.is_ok() && table == self.table {
            return;
        }
        let read =
            laid.and_then(|()| Config::read(table.clone(), origins.clone(), None, &Environment::default()));
        match read {
            Ok(_) => (self.table, self.origins) = (table, origins),
            Err(error) => self.wrong.push(error),
        }
    }
}
