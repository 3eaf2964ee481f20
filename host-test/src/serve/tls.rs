//! TLS, with certificates and keys from PEM files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::misuse::Misuse;

/// What accepts connections of clients.
pub(super) fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor> {
    let certificates = certificates(cert)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| {
            Misuse(format!(
                "{} does not go with {}: {error}",
                key.display(),
                cert.display()
            ))
        })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What connects to the target of `--forward`, with TLS if its URL says so.
pub(super) fn connector(ca: Option<&Path>) -> Result<HttpsConnector<HttpConnector>> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("TLS")?;
    let config = match ca {
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(ca)? {
                roots
                    .add(certificate)
                    .map_err(|error| Misuse(format!("{}: {error}", ca.display())))?;
            }
            config.with_root_certificates(roots)
        }
        None => config
            .with_native_roots()
            .context("cannot read the certificates that this system trusts (name others with --forward-ca)")?,
    };
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config.with_no_client_auth())
        .https_or_http()
        .enable_http1()
        .build())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(file, &error))?;
    if certificates.is_empty() {
        return Err(Misuse(format!("{}: there is no certificate in it", file.display())).into());
    }
    Ok(certificates)
}

fn unreadable(file: &Path, error: &pem::Error) -> Misuse {
    Misuse(format!("{}: {error}", file.display()))
}
