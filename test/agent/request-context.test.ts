import { RequestContext } from 'aquifer'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { refused } from '../memory/opened.ts'

type UserTier = { 'user-tier': 'enterprise' | 'pro'; locale?: string }

describe('a request context', () => {
  it('is a map', () => {
    const context = new RequestContext()
    expect(context.set('user-tier', 'pro').set('locale', 'de').get('user-tier')).toBe('pro')
    expect([context.has('locale'), context.has('tenant'), context.size]).toEqual([true, false, 2])
    expect([context.delete('locale'), context.delete('locale'), context.has('locale')]).toEqual([true, false, false])
    expect([...context.keys()]).toEqual(['user-tier'])
    expect([...context.values()]).toEqual(['pro'])
    expect([...context.entries()]).toEqual([['user-tier', 'pro']])
    expect(JSON.stringify(context)).toBe('{"user-tier":"pro"}')
  })

  it('answers undefined for what is not there, whatever it is called', () => {
    const context = new RequestContext()
    for (const key of ['user-tier', 'constructor', '__proto__', 'toString']) {
      expect([context.get(key), context.has(key)]).toEqual([undefined, false])
    }
  })

  it('is made from pairs, an object, a map or another context, and shares nothing with it', () => {
    const pairs = [['user-tier', 'pro']] as const
    for (const given of [pairs, { 'user-tier': 'pro' }, new Map(pairs), new RequestContext(pairs)]) {
      const context = new RequestContext(given as Record<string, unknown>)
      expect(context.toJSON()).toEqual({ 'user-tier': 'pro' })
      context.set('user-tier', 'enterprise')
      expect(new RequestContext(given as Record<string, unknown>).get('user-tier')).toBe('pro')
    }
  })

  it('knows the types of its values', () => {
    const context = new RequestContext<UserTier>({ 'user-tier': 'pro' })
    expectTypeOf(context.get('user-tier')).toEqualTypeOf<'enterprise' | 'pro' | undefined>()
    expectTypeOf(context.set).parameter(0).toEqualTypeOf<'user-tier' | 'locale'>()
    expectTypeOf(context).toExtend<RequestContext>()
    expectTypeOf(new RequestContext().get('x')).toEqualTypeOf<unknown>()
    const tier = new RequestContext().get('user-tier') as UserTier['user-tier']
    expect(tier).toBeUndefined()
  })

  it.each<[string, unknown, string]>([
    ['a text', 'pro', 'requestContext'],
    ['a number', 7, 'requestContext'],
    ['null', null, 'requestContext'],
    ['a list of texts', ['pro'], 'requestContext'],
    ['a key that is a number', [[7, 'pro']], 'key'],
  ])('is not made from %s', async (_, given, field) => {
    const error = await refused('invalid-input', () => new RequestContext(given as Record<string, unknown>))
    expect(error.details.field).toBe(field)
  })

  it('takes texts as keys only', async () => {
    await refused('invalid-input', () => new RequestContext().set(7 as never, 'pro'))
  })
})
