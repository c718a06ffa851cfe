//! The clients of every function, and what is known of people and of a moment ago.

use std::ops::Deref;

use aws_config::SdkConfig;
pub use shared::clients::ClientError;
use shared::config::Settings;
use shared::roles::{Directory, Roles};
use shared::store::Store;

use crate::collect::Recent;

/// The clients.
#[derive(Debug)]
pub struct Clients {
    of_all: shared::clients::Clients,
    roles: Roles,
    /// Who is in which group.
    pub(crate) directory: Directory,
    /// What was read some seconds ago.
    pub(crate) recent: Recent,
}

impl Deref for Clients {
    type Target = shared::clients::Clients;

    fn deref(&self) -> &Self::Target {
        &self.of_all
    }
}

impl Clients {
    /// Clients by these settings; nothing is built yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            roles: settings.roles(),
            of_all: shared::clients::Clients::new(settings),
            directory: Directory::default(),
            recent: Recent::default(),
        }
    }

    /// The same clients over a store that is already open.
    #[must_use]
    pub fn with_store(self, store: Store) -> Self {
        Self { of_all: self.of_all.with_store(store), ..self }
    }

    /// The same clients with an AWS configuration that is already made.
    #[must_use]
    pub fn with_aws(self, config: SdkConfig) -> Self {
        Self { of_all: self.of_all.with_aws(config), ..self }
    }

    /// Who may ask what.
    pub const fn roles(&self) -> &Roles {
        &self.roles
    }
}
