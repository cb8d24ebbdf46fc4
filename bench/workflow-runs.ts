/** Workflows for the rows that measure them. */
import type { Memory } from 'aquifer'
import { createStep, createWorkflow } from 'aquifer'
import { z } from 'zod'

const counted = z.object({ n: z.number() })

/** A step that does next to nothing. */
const stepOf = (id: string) => {
  const execute = async ({ inputData }: { inputData: { n: number } }) => ({ n: inputData.n + 1 })
  return createStep({ id, inputSchema: counted, outputSchema: counted, execute })
}

/** A workflow of a hundred steps, one after the other. */
export function workflowOfHundred(memory: Memory) {
  const ten = (id: string) =>
    createWorkflow({ id, inputSchema: counted, outputSchema: counted })
      .then(stepOf(`${id}0`))
      .then(stepOf(`${id}1`))
      .then(stepOf(`${id}2`))
      .then(stepOf(`${id}3`))
      .then(stepOf(`${id}4`))
      .then(stepOf(`${id}5`))
      .then(stepOf(`${id}6`))
      .then(stepOf(`${id}7`))
      .then(stepOf(`${id}8`))
      .then(stepOf(`${id}9`))
      .commit()
  return createWorkflow({ id: 'hundred', inputSchema: counted, outputSchema: counted, memory })
    .then(ten('a'))
    .then(ten('b'))
    .then(ten('c'))
    .then(ten('d'))
    .then(ten('e'))
    .then(ten('f'))
    .then(ten('g'))
    .then(ten('h'))
    .then(ten('i'))
    .then(ten('j'))
    .commit()
}

/** A workflow that runs one step so many times as its input says, each time with the output of the one before. */
export function workflowOfRounds(memory: Memory) {
  return createWorkflow({ id: 'rounds', inputSchema: counted, outputSchema: counted, memory })
    .map(() => ({ n: 0 }))
    .dountil(stepOf('again'), ({ inputData, getInitData }) => inputData.n >= getInitData().n)
    .commit()
}

/** A workflow that waits: for a person if its input is odd, otherwise for a later day. */
export function workflowThatWaits(memory: Memory) {
  const ask = createStep({
    id: 'ask',
    inputSchema: counted,
    outputSchema: counted,
    execute: async ({ inputData, resumeData, suspend }) => (resumeData === undefined ? suspend() : inputData),
  })
  const later = createWorkflow({ id: 'later', inputSchema: counted, outputSchema: counted })
    .sleep(86_400_000)
    .then(stepOf('woken'))
    .commit()
  return createWorkflow({ id: 'waits', inputSchema: counted, outputSchema: z.unknown(), memory })
    .branch([
      [({ inputData }) => inputData.n % 2 === 1, ask],
      [({ inputData }) => inputData.n % 2 === 0, later],
    ])
    .commit()
}
