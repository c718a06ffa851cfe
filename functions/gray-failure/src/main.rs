//! The `gray-failure` Lambda.

use gray_failure::{App, REQUIRED, invoked};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use shared::config::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings::load(REQUIRED, async || shared::aws::sdk_config()).await?;
    shared::telemetry::init(&settings.log);
    let app = App::new(settings);
    run(service_fn(async |event: LambdaEvent<_>| invoked(&app, event).await)).await
}
