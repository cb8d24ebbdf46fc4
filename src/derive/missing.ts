/** Which records of a space have no vectors yet. */
import type { Access } from '../domain/actor.ts'
import type { Seq, SpaceId } from '../domain/id.ts'
import { vectorRefAt } from '../domain/vector-segment.ts'
import { type RecordKind, type RecordRef, recordKinds, refAt } from '../domain/word-segment.ts'
import type { Storage } from '../ports/storage.ts'

export interface MissingRecord extends RecordRef {
  readonly seq: Seq
}

/** Rows looked at before the event loop gets its turn. */
const rowsATime = 5_000
const entriesAPage = 500

const oneTurn = () => new Promise((resolve) => setImmediate(resolve))
const nameOf = (kind: RecordKind, seq: Seq, ref: string) => `${kind} ${seq} ${ref}`

async function* liveEntries(storage: Storage, access: Access, space: SpaceId): AsyncGenerator<MissingRecord> {
  for (let after: string | null = null; ; ) {
    const page = await storage.entries.list(access, space, { prefix: '', after, limit: entriesAPage })
    for (const { key, version } of page.items) yield { kind: 'entry', ref: key, seq: version }
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) return
  }
}

/** Records without vectors of an embedder, oldest first, so that those stored together are neighbours. */
export async function missingVectors(
  storage: Storage,
  access: Access,
  space: SpaceId,
  fingerprint: string,
): Promise<{ readonly missing: readonly MissingRecord[]; readonly asOf: Seq }> {
  const { words, vectors, asOf } = await storage.index.scan(access, space, fingerprint)
  const there = new Set<string>()
  let rows = 0
  for (const segment of vectors) {
    for (let i = 0; i < segment.count; i++) {
      const kind = recordKinds[segment.kinds[i] as number] as RecordKind
      there.add(nameOf(kind, segment.seqs[i] as number, vectorRefAt(segment, i)))
      if (++rows % rowsATime === 0) await oneTurn()
    }
  }
  const missing: MissingRecord[] = []
  for (const segment of words) {
    for (let i = 0; i < segment.count; i++) {
      const record = { kind: recordKinds[segment.kinds[i] as number] as RecordKind, ref: refAt(segment, i) }
      const seq = segment.seqs[i] as number
      if (!there.has(nameOf(record.kind, seq, record.ref))) missing.push({ ...record, seq })
      if (++rows % rowsATime === 0) await oneTurn()
    }
  }
  for await (const entry of liveEntries(storage, access, space)) {
    if (!there.has(nameOf(entry.kind, entry.seq, entry.ref))) missing.push(entry)
  }
  return { missing: missing.toSorted((left, right) => left.seq - right.seq), asOf }
}
