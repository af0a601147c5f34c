/**
 * A case of the bench: groups of subjects that do the same work in the same run, and what to show of
 * them. Cases only say what is to be measured; rounds.ts measures, report/ prints and keeps.
 */
import type { Settings, SubjectTask } from '../contract.js'
import type { BenchOptions } from '../options.js'
import type { Column } from '../report/columns.js'
import type { GroupResult } from '../report/results.js'
import type { SubjectProgram } from '../support/run-subject.js'

/** What a group asks of all its subjects; the rest is the bench's default. */
export type TaskChanges = Partial<Omit<SubjectTask, 'settings'>> & {
  readonly settings?: Partial<Settings>
}

/** One row of a group's table. */
export interface Subject {
  /** Unique in its group. */
  readonly name: string
  readonly program: SubjectProgram
  /** Where this subject's task differs from its group's. */
  readonly task?: TaskChanges
  /** It speaks TLS to the broker of a case that `isSecured`; the others do not. */
  readonly isOverTls?: boolean
}

/** Subjects that are compared with each other: in turn, on one topic, with the same values. */
export interface Group {
  readonly title: string
  readonly task: TaskChanges
  /** The first is what the others are held against. */
  readonly subjects: readonly Subject[]
  /** Peers are added by `bench:peers`, with the group's task. */
  readonly takesPeers: boolean
  /** So are rows of Ottla on the newer Node that some peers need. */
  readonly takesNewerNode?: boolean
  /** How far away the brokers are; only in a case that `isFarAway`. */
  readonly roundTripMs?: number
  /**
   * Level of the feature `transaction.version` of the broker. A case whose groups name levels is
   * measured on brokers of its own, one after the other.
   */
  readonly transactionVersion?: number
}

/** Everything that one name on the command line stands for. */
export interface Case {
  readonly name: string
  /** One line, for the help and the head of the table. */
  readonly summary: string
  readonly columns: readonly Column[]
  readonly groups: readonly Group[]
  /** Brokers; default 1. */
  readonly nodes?: 1 | 3
  /** Three brokers behind proxies that make the way long (support/way/way.ts). */
  readonly isFarAway?: boolean
  /** One broker with a listener for TLS beside the plain one (test/broker/secured). */
  readonly isSecured?: boolean
  /** Default 3. */
  readonly rounds?: number
  /** It takes hours: `all` leaves it out. */
  readonly isOnlyByName?: boolean
  /** Groups of the numbers that the command line asks for, in the place of `groups`. */
  readonly groupsFor?: (options: BenchOptions) => readonly Group[]
  /** Gets ready what its subjects need. */
  readonly prepare?: (log: (line: string) => void) => Promise<void>
  /** Its part of docs/performance-tables.md; default: a table for each group. */
  readonly section?: (groups: readonly GroupResult[]) => string
}

/** A program of this bench by its file in subjects/, with flags for its Node. */
export function ownProgram(file: string, nodeFlags: readonly string[] = []): SubjectProgram {
  return { args: [...nodeFlags, new URL(`../subjects/${file}.js`, import.meta.url).pathname] }
}

/** The wire limit: the first row of most groups. */
export const WIRE_LIMIT: Subject = { name: 'wire limit', program: ownProgram('wire-limit') }

/** Ottla in one of its three forms. */
export function ottla(mode: SubjectTask['mode'], task: TaskChanges = {}, name = ''): Subject {
  return {
    name: `ottla ${mode}${name === '' ? '' : ` ${name}`}`,
    program: ownProgram('ottla'),
    task: { ...task, mode },
  }
}
