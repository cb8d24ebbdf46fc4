/** Cases of leases: take, steal, release, renew, and the fencing token. */
import { msOf } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { openTurn, release, take, write } from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

function renew(scene: Scene, name: string, token: number, leaseMs: number): Promise<boolean> {
  return scene.storage.renewLease(scene.access, home, { name, token, leaseMs })
}

export const leaseCases: readonly StorageCase[] = [
  sceneCase('a lease answers its token, the seq of the take, and its deadline', async (scene) => {
    await scene.committed(write('k', 1))
    const { token, expiresAt } = await scene.did('lease-take', take('job', 5_000))
    expectEqual([token, msOf(expiresAt)], [2, scene.clock.now() + 5_000], 'token and deadline')
  }),
  sceneCase('a lease held is refused to others until it is over, and stolen on demand', async (scene) => {
    const first = await scene.did('lease-take', take('job', 5_000))
    const error = await scene.refused('conflict', take('job', 5_000), { actor: bob })
    expectEqual([error.retryable, error.details.token], [true, first.token], 'the refusal')
    await scene.refused('conflict', take('job', 5_000))
    const stolen = await scene.did('lease-take', take('job', 5_000, true), { actor: bob })
    expectTrue(stolen.token > first.token, 'a later holder has a higher token')
    scene.clock.advance(5_000)
    const third = await scene.did('lease-take', take('job', 5_000))
    expectTrue(third.token > stolen.token, 'and so has who takes it when it is over')
  }),
  sceneCase('a release needs the latest token', async (scene) => {
    const { token } = await scene.did('lease-take', take('job', 5_000))
    const stolen = await scene.did('lease-take', take('job', 5_000, true), { actor: bob })
    expectEqual((await scene.did('lease-release', release('job', token))).released, false, 'with the old token')
    await scene.refused('conflict', take('job', 5_000))
    expectEqual((await scene.did('lease-release', release('job', stolen.token))).released, true, 'with the new one')
    expectEqual((await scene.did('lease-release', release('job', stolen.token))).released, false, 'once only')
    await scene.committed(take('job', 5_000))
  }),
  sceneCase('a renewal moves the deadline outside the log', async (scene) => {
    const { token } = await scene.did('lease-take', take('job', 5_000))
    scene.clock.advance(4_000)
    expectEqual(await renew(scene, 'job', token, 5_000), true, 'the answer')
    expectEqual(await scene.seq(), 1, 'the log has no row of it')
    scene.clock.advance(4_000)
    await scene.refused('conflict', take('job', 5_000), { actor: bob })
    scene.clock.advance(2_000)
    expectEqual(await renew(scene, 'job', token, 5_000), true, 'one that is over and nobody took is renewed')
    await scene.refused('conflict', take('job', 5_000), { actor: bob })
  }),
  sceneCase('a lease lost is not renewed', async (scene) => {
    const { token } = await scene.did('lease-take', take('job', 1_000))
    const stolen = await scene.did('lease-take', take('job', 1_000, true), { actor: bob })
    expectEqual(await renew(scene, 'job', token, 90_000), false, 'after it was stolen')
    scene.clock.advance(1_000)
    await scene.committed(release('job', stolen.token))
    expectEqual(await renew(scene, 'job', stolen.token, 90_000), false, 'after it was released')
    expectEqual(await renew(scene, 'none', 1, 90_000), false, 'one nobody took')
    await scene.committed(take('job', 1_000))
  }),
  sceneCase('parallel takes: exactly one holds the lease', async (scene) => {
    const takes = Array.from({ length: 8 }, () => scene.committed(take('job', 5_000)))
    const answers = await Promise.allSettled(takes)
    expectEqual(answers.filter((answer) => answer.status === 'fulfilled').length, 1, 'holders')
  }),
  sceneCase('the lease of a turn is renewed by its token', async (scene) => {
    const { turnId, leaseToken } = await scene.did('turn-open', openTurn('t', { leaseMs: 1_000 }))
    scene.clock.advance(1_500)
    expectEqual(await renew(scene, `turn/${turnId}`, leaseToken, 1_000), true, 'the answer')
    const [turn] = await scene.storage.messages.openTurns(scene.access, home, 't')
    expectEqual(msOf(turn?.lease.until ?? ''), scene.clock.now() + 1_000, 'the new deadline')
    expectEqual((await scene.storage.due(scene.access, 10)).turns, [], 'nothing is due')
  }),
]
