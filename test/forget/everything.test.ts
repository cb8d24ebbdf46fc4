// Forgetting with everything in the file: nothing of it is left in any byte, term or vector, and the rest is as before.
import { describe, expect, it } from 'vitest'
import { answersOf, compactAll, expectGone, expectSound, parts, plantAll, spaces, targets } from './everything.ts'
import { embeddedIn, textIn } from './scans.ts'

describe.each(targets)('%s', (_, touched, names, asked) => {
  it.each([
    ['as it is', false],
    ['after a compaction', true],
  ] as const)('%s', async (_how, isCompacted) => {
    const planted = await plantAll()
    const { memory, path, secrets } = planted
    if (isCompacted) await compactAll(memory)
    const gone = names.flatMap((name) => secrets[name].texts)
    const kept = parts.filter((part) => !names.includes(part)).flatMap((part) => secrets[part].texts)
    const text = textIn(path)
    const keptThere = kept.filter((secret) => text.includes(secret))
    expect(gone.filter((secret) => text.includes(secret)).length).toBeGreaterThan(2)
    const others = spaces.filter((name) => !touched.includes(name))
    const before = await Promise.all(others.map((name) => answersOf(memory, name)))
    const embedded = embeddedIn(path)
    expect(new Set(embedded.map((record) => record.split(' ')[0]))).toEqual(new Set(spaces))
    // Work that nobody has done yet when its space goes.
    await memory.space(touched[0] ?? '').commit([{ kind: 'entry-write', key: 'late', value: 'tea' }])
    const options = asked(planted)
    const receipt = await memory.forget(options)
    await memory.settled()
    expect((await memory.getReceipt(receipt.id))?.state).toBe('complete')
    expectGone(path, gone, kept)
    await expectSound(planted)
    expect(await Promise.all(others.map((name) => answersOf(memory, name)))).toEqual(before)
    const textAfter = textIn(path)
    expect(keptThere.filter((secret) => !textAfter.includes(secret))).toEqual([])
    expect(keptThere.length).toBeGreaterThan(50)
    const found = await Promise.all(gone.slice(0, 10).map((secret) => memory.space(touched[0] ?? '').recall(secret)))
    expect(JSON.stringify(found.map(({ items }) => items)).match(new RegExp(gone.join('|')))).toBeNull()
  })
})
