//! TEST VECTORS: secrets in the forms logs have them. Prefixes are split so that no scanner takes them for real.

use crate::vectors::*;

/// A line and the secret in it.
pub(crate) struct Vector {
    pub(crate) family: &'static str,
    pub(crate) text: String,
    pub(crate) secret: String,
}

/// All of them.
pub(crate) fn corpus() -> Vec<Vector> {
    let mut all = Vec::new();
    let mut seed = 1000;
    vendor_tokens(&mut all, &mut seed);
    keyed(&mut all, &mut seed);
    addresses(&mut all, &mut seed);
    private_keys(&mut all, &mut seed);
    headers(&mut all, &mut seed);
    commands(&mut all, &mut seed);
    encoded(&mut all, &mut seed);
    all
}

fn add(all: &mut Vec<Vector>, family: &'static str, template: &str, secret: String) {
    all.push(Vector { family, text: template.replace("{}", &secret), secret });
}

/// `(prefix in parts, alphabet, length, line)`.
fn vendor_tokens(all: &mut Vec<Vector>, seed: &mut u64) {
    let table: &[(&[&str], &str, usize, &str)] = &[
        (&["AK", "IA"], UPPER, 16, "InvalidClientTokenId for {} in ap-northeast-2"),
        (&["AS", "IA"], UPPER, 16, "using credentials {} from the instance profile"),
        (&["IQoJ", "b3JpZ2lu"], BASE64, 300, "session={} expires in 3600"),
        (&["Fwo", "GZXIvYXdz"], BASE64, 200, "token {} rejected"),
        (&["k8s-aws", "-v1."], URL, 180, "exec plugin printed {}"),
        (&["AB", "SK"], BASE64, 100, "bedrock key {}"),
        (&["AI", "za"], URL, 35, "GET /maps/api/geocode/json?address=Seoul&key={}"),
        (&["GOC", "SPX-"], URL, 28, "client {} denied"),
        (&["ya", "29."], URL, 60, "got {} from the metadata server"),
        (&["dop", "_v1_"], HEX, 64, "401 with {}"),
        (&["da", "pi"], HEX, 32, "databricks login {}"),
        (&["gh", "p_"], ALNUM, 36, "fatal: could not read from https with {}"),
        (&["gh", "s_"], ALNUM, 36, "actions checkout uses {}"),
        (&["gh", "o_"], ALNUM, 36, "oauth gave {}"),
        (&["github", "_pat_"], ALNUM, 60, "remote: {} lacks scope repo"),
        (&["gl", "pat-"], URL, 20, "runner registered with {}"),
        (&["gl", "rt-"], URL, 20, "registering runner {}..."),
        (&["ATA", "TT3"], URL, 160, "jira client: {}"),
        (&["np", "m_"], ALNUM, 36, "npm ERR! 403 {}"),
        (&["py", "pi-"], URL, 120, "twine upload with {}"),
        (&["dckr", "_pat_"], URL, 27, "unauthorized: {} is expired"),
        (&["AKC", "p"], ALNUM, 69, "artifactory said no to {}"),
        (&["xo", "xb-"], "0123456789", 12, "invalid_auth {}-0000000000000-a1B2c3D4e5F6g7H8"),
        (&["xo", "xp-"], URL, 60, "slack user client {}"),
        (&["xa", "pp-"], URL, 80, "socket mode {}"),
        (&["S", "G."], URL, 60, "sendgrid 401 {}"),
        (&["key", "-"], HEX, 32, "mailgun: {}"),
        (&["sk_", "live_"], ALNUM, 24, "stripe: no such customer, {}"),
        (&["rk_", "live_"], ALNUM, 24, "restricted {}"),
        (&["live", "_sk_"], ALNUM, 24, "toss payments 401 {}"),
        (&["wh", "sec_"], ALNUM, 32, "signature mismatch with {}"),
        (&["shp", "at_"], HEX, 32, "shop admin api {}"),
        (&["sk-", "ant-api03-"], URL, 90, "model call with {}"),
        (&["sk-", "proj-"], URL, 80, "openai: incorrect {}"),
        (&["h", "f_"], ALNUM, 34, "hub download {}"),
        (&["hv", "s."], URL, 90, "vault: permission denied {}"),
        (&["gl", "sa_"], ALNUM, 41, "grafana {}"),
        (&["NR", "AK-"], UPPER, 27, "newrelic {}"),
        (&["sntr", "ys_"], BASE64, 80, "sentry-cli {}"),
        (&["dp.", "pt."], ALNUM, 43, "doppler {}"),
        (&["PM", "AK-"], HEX, 59, "newman {}"),
        (&["lin_", "api_"], ALNUM, 40, "linear {}"),
        (&["AGE-SECRET", "-KEY-1"], UPPER, 58, "sops: {}"),
        (&["ts", "key-auth-"], URL, 40, "tailscale up {}"),
        (&["S", "K"], HEX, 32, "twilio {}"),
    ];
    for (prefix, alphabet, length, line) in table {
        *seed += 1;
        add(all, "vendor token", line, format!("{}{}", prefix.concat(), draw(alphabet, *length, *seed)));
    }
    *seed += 1;
    let telegram = format!("{}:{}", draw("123456789", 9, *seed), draw(URL, 35, *seed));
    add(all, "vendor token", "bot {} got 409 Conflict", telegram);
    *seed += 1;
    let access_key = format!("{}{}", ["AK", "IA"].concat(), draw(UPPER, 16, *seed));
    let line = format!("{access_key},{{}},us-east-1");
    add(all, "vendor token", &line, draw(BASE64, 40, *seed));
    let signature = draw(URL, 43, *seed);
    let jwt = format!(
        "{}.{}.{signature}",
        base64url(r#"{"alg":"RS256","typ":"JWT"}"#),
        base64url(r#"{"sub":"42","aud":"shop"}"#)
    );
    add(all, "json web token", "token rejected: {}", jwt.clone());
    add(all, "json web token", "GET /callback?id={}&state=1 302", jwt.clone());
    add(all, "json web token", "\"jwt\":\"{}\"", jwt.clone());
    add(all, "json web token", "cut off {}", jwt[..jwt.len() - 60].to_owned());
}

fn keyed(all: &mut Vec<Vector>, seed: &mut u64) {
    let lines = [
        "DB_PASSWORD={}",
        "export PGPASSWORD='{}'",
        "password: {}",
        "  mysql_root_password: \"{}\"",
        "\"password\":\"{}\"",
        "\"db\": {\"user\": \"app\", \"password\": \"{}\", \"port\": 5432}",
        "msg=\"config loaded\" cfg=\"{\\\"password\\\":\\\"{}\\\",\\\"user\\\":\\\"app\\\"}\"",
        "{user=app, password={}, host=db}",
        "Config { user: \"app\", password: \"{}\", pool: 5 }",
        "Config { user: \"app\", secret_key: Some(\"{}\") }",
        "map[host:db password:{} user:app]",
        "spring.datasource.password={}",
        "-Djavax.net.ssl.keyStorePassword={} -Xmx512m",
        "'password' => '{}',",
        "config['secret_key'] = '{}'",
        "settings[\"api_key\"]: {}",
        "<password>{}</password>",
        "POST /login body=user=app&password={}&remember=1",
        "GET /v1/items?api_key={}&page=2 HTTP/1.1",
        "redirect=%2Fcb%3Faccess_token%3D{}",
        "Server=db;Database=shop;User Id=app;Password={};Encrypt=True",
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=core.windows.net",
        "aws_secret_access_key = {}",
        "AWS_SESSION_TOKEN={}",
        "clientSecret: {}",
        "client_secret={}",
        "secretKey: {} # rotate",
        "x-api-key: {}",
        "X-Vault-Token: {}",
        "PRIVATE-TOKEN: {}",
        "signing_secret = \"{}\"",
        "jwt.secret={}",
        "SECRET_KEY_BASE={}",
        "DD_API_KEY={}",
        "routing_key: {}",
        "unseal_key: {}",
        "{\"name\":\"DB_PASSWORD\",\"value\":\"{}\"}",
        "- name: API_TOKEN\n  value: {}",
        "- name: REDIS_PASSWORD\n  value: \"{}\"\n- name: PORT\n  value: \"6379\"",
        "{\"ParameterKey\":\"DbPassword\",\"ParameterValue\":\"{}\"}",
        "kubeconfig user:\n    token: {}\n",
        "    client-key-data: {}",
        "requirepass {}",
        "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"app\" password=\"{}\";",
        "data:\n  password: {}\n",
        "tls:\n  passphrase: >-\n    {}\n",
        "비밀번호: {}",
        "the password is {}.",
        "login app password={}, retrying",
        "(\"password\", \"{}\")",
        "dsn=\"host=db user=app password={} dbname=shop sslmode=require\"",
    ];
    for line in lines {
        *seed += 1;
        add(all, "named value", line, draw(ALNUM, 24, *seed));
    }
    for (line, value) in [
        ("password: {}", "s3cr3t,w!th;od)d"),
        ("password=\"{}\"", "two words"),
        ("DB_PASSWORD={}", "abc"),
        ("\"password\":\"{}\"", "q\\\"uote"),
        ("password: '{}'", "päss wörd"),
        ("암호={}", "바다와하늘99"),
    ] {
        add(all, "odd password", line, value.to_owned());
    }
}

fn addresses(all: &mut Vec<Vector>, seed: &mut u64) {
    let lines = [
        "dial postgres://app:{}@db.shop:5432/orders: i/o timeout",
        "mysql://root:{}@tcp(db:3306)/shop",
        "amqp://guest:{}@mq:5672/%2f",
        "redis://:{}@cache:6379/0",
        "mongodb+srv://app:{}@cluster0.example.mongodb.net/?retryWrites=true",
        "git clone https://oauth2:{}@git.example.com/shop/api.git",
        "fatal: unable to access 'https://{}@git.example.com/shop/api.git/'",
        "jdbc:postgresql://db:5432/shop?user=app&password={}",
        "jdbc:oracle:thin:app/x@db password={}",
        "https://hooks.slack.com/services/T00000000/B00000000/{}",
        "POST https://discord.com/api/webhooks/123456789012345678/{} 404",
        "https://example.webhook.office.com/webhookb2/{}",
        "https://api.telegram.org/bot123456:{}/sendMessage",
        "https://hook.dooray.com/services/{}",
        "https://bucket.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={}",
        "https://shop.blob.core.windows.net/c/b?sv=2022-11-02&sr=b&sig={}",
        "proxy http://svc:{}@proxy:3128 unreachable",
    ];
    for line in lines {
        *seed += 1;
        add(all, "address", line, draw(ALNUM, 32, *seed));
    }
    add(all, "address", "postgres://app:{}@db:5432/shop", "p/a:s@s".to_owned());
}

fn private_keys(all: &mut Vec<Vector>, seed: &mut u64) {
    let key = ["PRIVATE", " KEY"].concat();
    for label in
        [format!("RSA {key}"), key.clone(), format!("OPENSSH {key}"), format!("EC {key}"), format!("ENCRYPTED {key}")]
    {
        *seed += 100;
        let (text, body) = pem(&label, 6, *seed);
        all.push(Vector { family: "private key", text, secret: body });
    }
    *seed += 100;
    let (text, body) = pem(&key, 6, *seed);
    let (text, body) = (text.replace('\n', "\\n"), body.replace('\n', "\\n"));
    all.push(Vector {
        family: "private key",
        text: format!("{{\"type\":\"service_account\",\"private_key\":\"{text}\\n\"}}"),
        secret: body,
    });
    let (text, body) = pem(&key, 6, *seed + 50);
    let cut = text.len() / 2;
    all.push(Vector { family: "private key", text: text[..cut].to_owned(), secret: body[..cut - 40].to_owned() });
    all.push(Vector {
        family: "private key",
        text: text[cut..].to_owned(),
        secret: body[body.len() - 130..].to_owned(),
    });
    all.push(Vector {
        family: "private key",
        text: format!("tls.key: |\n  {}", text.replace('\n', "\n  ")),
        secret: body[..64].to_owned(),
    });
}

fn headers(all: &mut Vec<Vector>, seed: &mut u64) {
    let lines = [
        "Authorization: Bearer {}",
        "authorization=\"Bearer {}\"",
        "\"Authorization\":[\"Bearer {}\"]",
        "> Proxy-Authorization: Digest {}",
        "Authorization: Token {}",
        "curl -H 'Authorization: Bearer {}' https://api.example.com",
        "sending Bearer {} to upstream",
        "Cookie: session={}; theme=dark",
        "Set-Cookie: sid={}; Path=/; HttpOnly",
        "JSESSIONID={}",
        "X-Auth-Token: {}",
        "Authorization: AWS4-HMAC-SHA256 Credential=x/20260301/aws4_request, SignedHeaders=host, Signature={}",
    ];
    for line in lines {
        *seed += 1;
        add(all, "header", line, draw(ALNUM, 40, *seed));
    }
    *seed += 1;
    let basic = base64(&format!("app:{}", draw(ALNUM, 18, *seed)));
    add(all, "header", "Authorization: Basic {}", basic.clone());
    add(all, "header", "auth failed for Basic {}", basic.clone());
    add(all, "header", "{\"auths\":{\"registry.example.com\":{\"auth\":\"{}\"}}}", basic);
}

fn commands(all: &mut Vec<Vector>, seed: &mut u64) {
    let lines = [
        "mysql -h db -u root -p{} shop",
        "mysqldump --user=app --password={} shop",
        "helm upgrade api ./chart --set db.password={}",
        "curl -u admin:{} http://es:9200/_cat/indices",
        "redis-cli -h cache -a {} ping",
        "docker login -u app -p {} registry.example.com",
        "vault login --token {}",
        "command: [\"server\", \"--db-password\", \"{}\"]",
        "ALTER USER app WITH PASSWORD '{}'",
        "CREATE USER 'app'@'%' IDENTIFIED BY '{}'",
        "machine git.example.com login app password {}",
        "sshpass -p {} ssh app@host",
    ];
    for line in lines {
        *seed += 1;
        add(all, "command", line, draw(LOWER, 20, *seed));
    }
}

fn encoded(all: &mut Vec<Vector>, seed: &mut u64) {
    *seed += 1;
    let github = format!("{}{}", ["gh", "p_"].concat(), draw(ALNUM, 36, *seed));
    let (key, _) = pem(&["PRIVATE", " KEY"].concat(), 8, *seed);
    let password = draw(ALNUM, 20, *seed);
    for content in [
        format!("token={github}"),
        github,
        key,
        format!("postgres://app:{password}@db:5432/shop"),
        format!("{{\"password\":\"{password}\"}}"),
        format!("DB_HOST=db\nDB_PASSWORD={password}\n"),
        base64(&format!("password={password}")),
    ] {
        add(all, "base64", "payload: {}", base64(&content));
    }
    add(all, "base64", "value={}&x=1", base64url(&format!("api_key={password}")));
    add(all, "base64", "eyJ in the open: {}", base64(&format!("{{\"client_secret\":\"{password}\"}}")));
}
