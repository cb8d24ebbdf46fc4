/** The fourteenth schema: a row of the log keeps the time of the clock where the log was ahead of it. */
import type { Migration } from '../../migrate.ts'

/**
 * `log.at`: never falls, so that the log has an order in time. `log.clock`: the clock of the commit; null if it is the same,
 * which it is unless an earlier commit came from a clock that was ahead.
 */
export const clocks: Migration = {
  name: 'clocks',
  sql: 'ALTER TABLE log ADD COLUMN clock INTEGER;',
}
