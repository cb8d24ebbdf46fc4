/** Every space has a secret of 128 random bits, for keyed hashes. It goes with the space's row. */
import type { Migration } from '../../migrate.ts'

export const spaceSecrets: Migration = {
  name: 'space-secrets',
  sql: `
ALTER TABLE space ADD COLUMN secret BLOB;
UPDATE space SET secret = randomblob(16);
`,
}
