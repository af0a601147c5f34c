/**
 * Who is sent through the faults: Ottla, Kafka's own producer, the peers, and those who must be found
 * out.
 *
 * Neighbours: peers/registry.ts has the peers; run.ts starts the programs.
 */
import { kafkaClassPath } from '../broker/jars.js'
import { javaProgram } from '../broker/java.js'
import { projectFile } from '../broker/project.js'
import { kafkaVersion, PINNED_VERSION } from '../broker/versions.js'
import { installPeerSubjects } from './peers/registry.js'

/** A count of a verdict that must be 0. */
export type Crime = 'lost' | 'doubled' | 'outOfOrder' | 'lied' | 'halfVisible'

/** A program that takes the file of its task as its last argument. */
export interface ChaosSubject {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly settings?: Readonly<Record<string, unknown>>
  /** Default true. */
  readonly idempotence?: boolean
}

export const OTTLA: ChaosSubject = { name: 'ottla', ...nodeProgram('ottla-subject.js') }

/** Must be found guilty of each of these, or the harness is blind. */
export const GUILTY: readonly (ChaosSubject & { readonly of: readonly Crime[] })[] = [
  {
    name: 'broken on purpose',
    ...nodeProgram('broken-subject.js'),
    of: ['lost', 'doubled', 'outOfOrder', 'lied'],
  },
  { ...OTTLA, name: 'ottla without idempotence', idempotence: false, of: ['doubled'] },
]

/** The same name: it is Ottla that must keep its promises. */
export const OTTLA_TRANSACTIONS: ChaosSubject = {
  ...{ name: OTTLA.name, ...nodeProgram('ottla-transactions-subject.js') },
}

export const GUILTY_TRANSACTIONS: typeof GUILTY = [
  {
    name: 'transactions broken on purpose',
    ...nodeProgram('broken-transactions-subject.js'),
    of: ['lost', 'doubled', 'lied', 'halfVisible'],
  },
]

export async function javaSubject(log: (line: string) => void): Promise<ChaosSubject> {
  const classPath = await kafkaClassPath(kafkaVersion(PINNED_VERSION), log)
  const program = projectFile('test', 'chaos', 'java', 'ChaosProducer.java')
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  return {
    name: 'java',
    command: javaProgram(),
    args: ['-Xmx256m', quiet, '-cp', classPath, program],
  }
}

/** Ottla and Java's, and every peer that can be installed. */
export async function allSubjects(log: (line: string) => void): Promise<ChaosSubject[]> {
  return [OTTLA, await javaSubject(log), ...(await installPeerSubjects(log))]
}

function nodeProgram(file: string): { command: string; args: readonly string[] } {
  return { command: process.execPath, args: [new URL(file, import.meta.url).pathname] }
}
