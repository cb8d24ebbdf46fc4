/** All spaces of a database, page by page. */
import type { SpaceId } from '../domain/id.ts'
import { spaceKinds } from '../domain/space.ts'
import type { Storage } from '../ports/storage.ts'
import { indexerAccess } from './embed-missing.ts'

const spacesAPage = 500

export async function* allSpaces({ spaces }: Storage): AsyncGenerator<SpaceId> {
  for (const kind of spaceKinds) {
    for (let after: SpaceId | null = null; ; ) {
      const page = await spaces.list(indexerAccess, { kind, prefix: '', after, limit: spacesAPage })
      for (const { id } of page) yield id
      after = page.at(-1)?.id ?? null
      if (page.length < spacesAPage) break
    }
  }
}
