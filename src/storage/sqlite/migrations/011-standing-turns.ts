/** The eleventh schema: ids that callers gave to messages are kept with replaced turns too, which may stand again. */
import type { Migration } from '../../migrate.ts'

/** The messages of an effect, or of a turn as compaction kept it. */
const messages = `coalesce(json_extract(effect.value, '$.messages'), json_extract(effect.value, '$.turnKept.messages'), '[]')`

/**
 * Until now the ids of a replaced turn were dropped. They are read from the log again, each at the place of its message
 * in its turn. Log rows stay as they are: a turn that replaced others before this schema took their place at once.
 */
export const standingTurns: Migration = {
  name: 'standing-turns',
  sql: `
CREATE TABLE message_place (
  space INTEGER NOT NULL, id TEXT NOT NULL, thread INTEGER NOT NULL, turn INTEGER NOT NULL, i INTEGER NOT NULL,
  PRIMARY KEY (space, id, thread, turn, i)
) STRICT, WITHOUT ROWID;
INSERT INTO message_place SELECT space, id, thread, turn, i FROM message_id;

INSERT OR IGNORE INTO message_place
  SELECT space, id, thread, turn, i FROM (
    SELECT log.space, log.thread, log.turn, json_extract(message.value, '$.id') AS id,
      row_number() OVER (PARTITION BY log.thread, log.turn ORDER BY log.seq, effect.key, message.key) - 1 AS i
    FROM log JOIN json_each(log.json) AS effect JOIN json_each(${messages}) AS message
    WHERE log.turn > 0 AND (log.thread, log.turn) IN (
      SELECT thread, turn FROM log WHERE json LIKE '%"kind":"turn-replaced"%' AND thread IS NOT NULL
    )
  ) WHERE id IS NOT NULL AND thread IN (SELECT n FROM thread WHERE state < 2);

DROP TABLE message_id;
ALTER TABLE message_place RENAME TO message_id;
`,
}
