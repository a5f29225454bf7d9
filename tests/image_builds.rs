//! The builder of lab images against a real engine: `DOCKER_HOST` or the default socket.

#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod sandbox_support;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use bollard::{Docker, query_parameters::RemoveImageOptionsBuilder};
use sandbox_support::{engine, image, slug};
use slipway::sandbox::{
    docker::ImageBuilder,
    images::{ImageCatalog, ImageState},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Far longer than a short build takes, far shorter than the long one.
const PATIENCE: Duration = Duration::from_secs(120);

fn write_image(folder: &Path, name: &str, dockerfile: &str) {
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
}

#[tokio::test]
async fn a_short_build_that_is_asked_for_later_does_not_wait_for_a_long_one() {
    // With it comes what both are built on.
    image("base").await;
    let marker = uuid::Uuid::new_v4().simple().to_string();
    let (long, short) = (format!("long-{marker}"), format!("short-{marker}"));
    let folder = tempfile::tempdir().unwrap();
    write_image(
        folder.path(),
        &long,
        "FROM debian:trixie-slim\nLABEL io.slipway.build=long\nRUN sleep 600\n",
    );
    write_image(
        folder.path(),
        &short,
        &format!("FROM debian:trixie-slim\nLABEL marker={marker}\n"),
    );
    let builder = Arc::new(ImageBuilder::new(
        engine(),
        ImageCatalog::read(folder.path()).unwrap(),
        "/bin/false".into(),
        BTreeMap::new(),
    ));
    builder.refresh().await.unwrap();
    let cancel = CancellationToken::new();
    let worker = {
        let (builder, cancel) = (Arc::clone(&builder), cancel.clone());
        AbortOnDropHandle::new(tokio::spawn(async move { builder.run(cancel).await }))
    };

    builder.request(&slug(&long));
    let mut state = builder.watch(&slug(&long)).unwrap();
    let at_work = |s: &ImageState| matches!(s, ImageState::Building { step: 3, .. });
    tokio::time::timeout(PATIENCE, state.wait_for(at_work))
        .await
        .unwrap()
        .unwrap();
    let tag = tokio::time::timeout(PATIENCE, builder.ensure(&slug(&short)))
        .await
        .unwrap()
        .unwrap();
    let meanwhile = builder.state(&slug(&long)).unwrap();
    cancel.cancel();
    worker.await.unwrap();
    let docker = Docker::connect_with_defaults().unwrap();
    for tag in [tag, format!("slipway/{short}:latest")] {
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        docker
            .remove_image(&tag, Some(options), None)
            .await
            .unwrap();
    }
    assert!(at_work(&meanwhile), "{meanwhile:?}");
    assert_eq!(builder.state(&slug(&long)), Some(ImageState::Missing));
}
