//! What labs were measured to need: the newest measurement of each.

use sqlx::{Row, sqlite::SqliteRow};

use super::{Store, StoreError, Transaction, row};
use crate::domain::{
    ids::Slug,
    measurement::{Host, Measurement},
    quantity::Bytes,
};

fn measurement(row: &SqliteRow) -> Result<Measurement, StoreError> {
    Ok(Measurement {
        lab: row::parsed(row, "lab")?,
        content_hash: row.try_get("content_hash")?,
        measured_at: row::time(row, "measured_at")?,
        host: Host {
            engine: row.try_get("engine")?,
            cpus: row::count(row, "host_cpus")?,
            memory_bytes: Bytes(row::amount(row, "host_bytes")?),
        },
        start_ms: row::amount(row, "start_ms")?,
        machines: row::json(row, "machines")?,
        peak_bytes: Bytes(row::amount(row, "peak_bytes")?),
        images: row::json(row, "images")?,
    })
}

impl Store {
    /// The newest measurement of a lab.
    pub async fn measurement(&self, lab: &Slug) -> Result<Option<Measurement>, StoreError> {
        let row = sqlx::query("SELECT * FROM lab_measurements WHERE lab = ?")
            .bind(lab.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(measurement).transpose()
    }

    /// The newest measurement of each lab that was ever measured.
    pub async fn measurements(&self) -> Result<Vec<Measurement>, StoreError> {
        sqlx::query("SELECT * FROM lab_measurements ORDER BY lab")
            .fetch_all(&self.readers)
            .await?
            .iter()
            .map(measurement)
            .collect()
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

impl Transaction<'_> {
    /// Keeps a measurement in place of the lab's last.
    pub async fn set_measurement(&mut self, new: &Measurement) -> Result<(), StoreError> {
        let Measurement {
            lab,
            content_hash,
            measured_at,
            host,
            start_ms,
            machines,
            peak_bytes,
            images,
        } = new;
        let Host {
            engine,
            cpus,
            memory_bytes,
        } = host;
        sqlx::query(
            "INSERT OR REPLACE INTO lab_measurements
                 (lab, content_hash, measured_at, engine, host_cpus, host_bytes, start_ms,
                  peak_bytes, machines, images)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(lab.as_str())
        .bind(content_hash)
        .bind(measured_at.as_millis())
        .bind(engine)
        .bind(cpus)
        .bind(signed(memory_bytes.0))
        .bind(signed(*start_ms))
        .bind(signed(peak_bytes.0))
        .bind(to_json(machines)?)
        .bind(to_json(images)?)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{clock::Timestamp, measurement::tests::measurement as measured},
        store::testing::store,
    };

    async fn save(store: &Store, new: &Measurement) {
        let mut tx = store.begin().await.unwrap();
        tx.set_measurement(new).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_measurement_reads_back_whole_and_the_newest_replaces_the_one_before() {
        let (store, _dir) = store().await;
        let (queue, greet) = (measured("queue"), measured("greet"));
        assert_eq!(store.measurement(&queue.lab).await.unwrap(), None);
        save(&store, &queue).await;
        save(&store, &greet).await;
        assert_eq!(
            store.measurement(&queue.lab).await.unwrap(),
            Some(queue.clone())
        );
        let mut newer = queue;
        newer.content_hash = "h2".to_owned();
        newer.measured_at = Timestamp::from_millis(1_790_000_000_000);
        newer.machines.pop();
        newer.images.shared_once = false;
        save(&store, &newer).await;
        assert_eq!(store.measurements().await.unwrap(), [greet, newer]);
    }

    #[tokio::test]
    async fn what_no_program_writes_is_not_taken_for_a_measurement() {
        let (store, _dir) = store().await;
        let queue = measured("queue");
        for (column, value) in [("start_ms", "-1"), ("machines", "'[{}]'")] {
            save(&store, &queue).await;
            let spoil = format!("UPDATE lab_measurements SET {column} = {value}");
            sqlx::query(sqlx::AssertSqlSafe(spoil))
                .execute(&store.writer)
                .await
                .unwrap();
            let read = store.measurement(&queue.lab).await;
            assert!(matches!(read, Err(StoreError::Corrupt(_))), "{column}");
        }
    }
}
