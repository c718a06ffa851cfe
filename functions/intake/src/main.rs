//! The `intake` Lambda.

use intake::App;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::config::DoorSettings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = DoorSettings::from_env()?;
    shared::telemetry::init(&settings.log);
    let app = App::new(settings);
    run(service_fn(async |event: LambdaEvent<_>| Ok::<_, Error>(app.invoked(event).await))).await
}
