/** Addresses: where a record is and what it is, without its content. */
import type { SpaceId } from '../id.ts'

/** A record of a space by its name there. Working memory without a thread is that of the space. */
export type RecordAddress =
  | { readonly kind: 'message'; readonly space: SpaceId; readonly threadId: string; readonly id: string }
  | { readonly kind: 'fact'; readonly space: SpaceId; readonly id: string }
  | { readonly kind: 'observation'; readonly space: SpaceId; readonly id: string }
  | { readonly kind: 'entry'; readonly space: SpaceId; readonly key: string }
  | { readonly kind: 'working-memory'; readonly space: SpaceId; readonly threadId?: string; readonly name: string }

/** A text that is the same for the same record. Ids and names have no line breaks. */
export function addressText(address: RecordAddress): string {
  const { kind, space } = address
  if (address.kind === 'fact' || address.kind === 'observation') return `${kind}\n${space}\n${address.id}`
  if (address.kind === 'entry') return `${kind}\n${space}\n${address.key}`
  if (address.kind === 'message') return `${kind}\n${space}\n${address.threadId}\n${address.id}`
  return `${kind}\n${space}\n${address.threadId ?? ''}\n${address.name}`
}

/** Reads the text of an address; null for any other text. */
export function parseAddress(text: string): RecordAddress | null {
  const [kind, at, first = '', second = ''] = text.split('\n')
  const space = at as SpaceId
  if (kind === 'fact' || kind === 'observation') return { kind, space, id: first }
  if (kind === 'entry') return { kind, space, key: first }
  if (kind === 'message') return { kind, space, threadId: first, id: second }
  if (kind !== 'working-memory') return null
  return { kind, space, ...(first === '' ? {} : { threadId: first }), name: second }
}
