/** The row of working memory: merging one field into a block of about 1 KB. */
import { blockPatch, blockValue } from '../corpus.ts'
import { floorBlocks, openFloor } from '../floor.ts'
import { openOurs } from '../ours.ts'
import type { ComparedRow, Setup } from '../row.ts'

const resources = 100
const patches = Array.from({ length: 256 }, (_, index) => blockPatch(index))
const patchAt = (count: number) => patches[count % patches.length] ?? {}

const floorMerge: Setup = (place) => {
  const floor = openFloor(place.file)
  const blocks = floorBlocks(floor)
  for (let resource = 0; resource < resources; resource++) blocks.write(resource, JSON.stringify(blockValue(resource)))
  let count = 0
  return { run: () => void blocks.merge(count % resources, patchAt(count++)), close: floor.close }
}

const ourMerge: Setup = async (place) => {
  const memory = await openOurs(place.file)
  const update = (resource: number, workingMemory: Record<string, string>) =>
    memory.updateWorkingMemory({ resourceId: `customer-${resource}`, workingMemory })
  for (let resource = 0; resource < resources; resource++) await update(resource, blockValue(resource))
  let count = 0
  const run = async () => {
    await update(count % resources, patchAt(count++))
  }
  return { run, close: () => memory.close() }
}

export const workingMemoryRows: readonly ComparedRow[] = [
  {
    kind: 'compared',
    name: 'working-memory merge, 1 KB',
    unit: 'merges',
    target: { ratio: 0.4 },
    unitsPerRun: 1,
    runs: 2_500,
    floor: floorMerge,
    ours: ourMerge,
  },
]
