/** Reads stored segments into columns and checks their bounds; if they are wrong, the file is damaged. */
import { unpackVectors, type VectorSegment } from '../domain/index/vector-segment.ts'
import { recordKinds, unpackWords, type WordSegment } from '../domain/index/word-segment.ts'
import { damagedRecord } from './stored-json.ts'

function read<Segment>(what: string, unpack: () => Segment, isSound: (segment: Segment) => boolean): Segment {
  let segment: Segment
  try {
    segment = unpack()
  } catch (cause) {
    throw damagedRecord(what, cause)
  }
  if (!isSound(segment)) throw damagedRecord(what)
  return segment
}

const areBelow = (places: Uint8Array | Uint16Array, count: number) => places.every((place) => place < count)

/** A segment of words. */
export function storedWords(bytes: Uint8Array): WordSegment {
  return read(
    'segment of words',
    () => unpackWords(bytes),
    ({ kinds, authors, authorList, threads }) =>
      areBelow(kinds, recordKinds.length) &&
      areBelow(authors, authorList.length) &&
      threads.every((thread) => Number.isFinite(thread)),
  )
}

/** A segment of vectors. */
export function storedVectors(bytes: Uint8Array): VectorSegment {
  return read(
    'segment of vectors',
    () => unpackVectors(bytes),
    ({ kinds }) => areBelow(kinds, recordKinds.length),
  )
}
