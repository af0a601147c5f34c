/**
 * Puts a transaction's questions to its coordinators, again and again, until one gives an answer that
 * decides: after each failure, refusal for the moment or lost answer there is a pause, and then the
 * coordinator that there is now is asked.
 *
 *   ask ──> attempt ──decided──────────────> Answer
 *              ^  │ refused for the moment, or no answer
 *              └──┴── pause ──not wanted any more──> stopped
 *
 * These requests go over connections of the control plane, never behind a Produce that waits for acks.
 *
 * Not a decision of what an answer means: transaction-verdict.ts judges the code, the caller acts.
 *
 * Before: producer-identity.ts, partition-additions.ts, offset-commits.ts, transaction-manager.ts.
 * After: network/control.
 */
import type { Clock, Timer } from '../../clock.js'
import { BrokerError, ConnectionError, ProtocolError, type OttlaError } from '../../errors.js'
import type { Log } from '../../logger.js'
import { backoffMs, refusedBackoffMs, type BackoffRange } from '../../network/backoff.js'
import type {
  AskOptions,
  ControlAnswer,
  ControlTarget,
  CoordinatorTarget,
} from '../../network/control/control-question.js'
import { isRefusedLogin } from '../../network/metadata/metadata-errors.js'
import type { Api } from '../../protocol/api.js'
import { ErrorCodes, errorCode } from '../../protocol/error-codes.js'
import { findCoordinator } from '../../protocol/messages/find-coordinator.js'
import { endingPauseMs } from '../pacing/pace-constants.js'
import { CoordinatorOutages } from './coordinator-outages.js'
import {
  judgeTransaction,
  type TransactionRequest,
  type TransactionVerdict,
} from './transaction-verdict.js'

/** Who is asked. */
export interface ControlPort {
  ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    target: ControlTarget,
    options?: AskOptions<Response>,
  ): Promise<ControlAnswer<Response>>
}

export interface CoordinatorParts {
  readonly control: ControlPort
  readonly clock: Clock
  readonly logger: Log
  readonly random: () => number
  readonly backoff: BackoffRange
}

/** What is asked, and how its answer is read. */
export interface Question<Request, Response> {
  readonly name: TransactionRequest
  readonly api: Api<Request, Response>
  readonly request: Request
  readonly target: CoordinatorTarget
  /** Nobody was reached before: what is wrong with the brokers' addresses, or the password, ends it. */
  readonly isFirst?: boolean
  /** The error codes in an answer: of the whole, or of each part. */
  codesOf(response: Response): Iterable<number>
  /** Looked at before each attempt: false ends it. */
  isWanted(): boolean
}

/** A decision of the coordinator. */
export interface Decided<Response> {
  readonly kind: 'decided'
  readonly verdict: TransactionVerdict
  /** Null where the coordinator refuses in a way that is no answer, as an API that it does not have. */
  readonly response: Response | null
  /** Why the verdict is not 'done'. */
  readonly error: OttlaError | null
  /** An attempt before this one may have been carried out: its answer was lost, or did not say. */
  readonly mayHaveActed: boolean
  /** An attempt before this one was not answered: it may still arrive, whenever. */
  readonly mayArriveLate: boolean
}

/** What one attempt brings, where it brings a decision. */
type Attempted<Response> = Omit<Decided<Response>, 'kind' | 'mayHaveActed' | 'mayArriveLate'>

/** Nobody wants to know any more. */
export interface Stopped {
  readonly kind: 'stopped'
  readonly mayHaveActed: boolean
  readonly mayArriveLate: boolean
}

/** One for each transactional producer. */
export class CoordinatorRequests {
  readonly #parts: CoordinatorParts
  readonly #pauses = new Set<() => void>()
  readonly #outages: CoordinatorOutages
  #isClosed = false
  #lastError: OttlaError | null = null

  constructor(parts: CoordinatorParts) {
    this.#parts = parts
    this.#outages = new CoordinatorOutages(parts)
  }

  /** Why the question under way has no answer yet; null where nothing is amiss. */
  get lastError(): OttlaError | null {
    return this.#lastError
  }

  /** Asks until there is a decision, or `isWanted` says no, or all is closed. Never rejects. */
  async ask<Request, Response>(
    question: Question<Request, Response>,
  ): Promise<Decided<Response> | Stopped> {
    const sinceMs = this.#parts.clock.monotonicMs()
    let mayHaveActed = false
    let mayArriveLate = false
    for (let failures = 1; this.#mayAsk(question); failures++) {
      const attempt = await this.#attempt(question)
      if ('response' in attempt) {
        this.#lastError = null
        this.#answered(question, attempt)
        return { kind: 'decided', ...attempt, mayHaveActed, mayArriveLate }
      }
      mayHaveActed ||= attempt.mayHaveActed
      mayArriveLate ||= attempt.mayHaveActed && !(attempt.error instanceof BrokerError)
      this.#lastError = attempt.error
      if (!this.#mayAsk(question)) break // no pause that nobody waits for
      this.#outages.failed(question.target, attempt.error, sinceMs)
      await this.#pause(this.#pauseMs(attempt, failures))
    }
    return { kind: 'stopped', mayHaveActed, mayArriveLate }
  }

  /** What was decided without a broker's word ends no outage. */
  #answered({ target }: { readonly target: CoordinatorTarget }, attempt: Attempted<unknown>): void {
    const isAnswer = attempt.response !== null || attempt.error instanceof BrokerError
    if (isAnswer) this.#outages.answered(target)
  }

  #mayAsk(question: { isWanted(): boolean }): boolean {
    return !this.#isClosed && question.isWanted()
  }

  /** Ends every pause; nothing is asked again. */
  close(): void {
    this.#isClosed = true
    this.wake()
    this.#outages.close()
  }

  /** Whoever pauses looks at once whether the answer is still wanted. */
  wake(): void {
    for (const end of [...this.#pauses]) end()
  }

  async #attempt<Request, Response>(
    question: Question<Request, Response>,
  ): Promise<Attempted<Response> | Undecided> {
    const { name, api, request, target } = question
    let code: number = ErrorCodes.NONE
    try {
      const { response } = await this.#parts.control.ask(api, request, target, {
        check: (answer) => {
          code = worstOf(name, question.codesOf(answer))
          if (isElsewhere(name, code)) throw asError(api.name, code) // it is looked for anew
        },
      })
      const verdict = judgeTransaction(name, code)
      const error = verdict.action === 'done' ? null : asError(api.name, code)
      if (verdict.action === 'retry' && error !== null)
        return { error, mayHaveActed: !NOT_CARRIED_OUT.has(code), isBrief: verdict.isBrief }
      return { verdict, response, error }
    } catch (thrown) {
      return this.#failed(question, thrown as OttlaError)
    }
  }

  /** No answer, or one by which another broker is to be asked. */
  #failed<Request, Response>(
    { name, api, isFirst = false }: Question<Request, Response>,
    error: OttlaError,
  ): Attempted<Response> | Undecided {
    if (error instanceof BrokerError && !error.retriable) {
      const isSearch = error.apiName === findCoordinator.name && name !== 'InitProducerId'
      const verdict = judgeTransaction(isSearch ? 'FindCoordinator' : name, error.errorCode)
      return { verdict, response: null, error }
    }
    if (error instanceof ProtocolError && !error.retriable && name === 'TxnOffsetCommit') {
      return { verdict: CANNOT_SAY, response: null, error }
    }
    // A wrong password is told at once; but not where the brokers took it before.
    if (isFirst && !error.retriable) return { verdict: REFUSED, response: null, error }
    return { error, mayHaveActed: mayHaveActed(error, api.name), isBrief: false }
  }

  /** Logins that are refused are tried less and less often: directories count them. */
  #pauseMs({ isBrief, error }: Undecided, failures: number): number {
    if (isBrief) return endingPauseMs(failures)
    const waitMs = isRefusedLogin(error) ? refusedBackoffMs : backoffMs
    return waitMs(this.#parts.backoff, failures, this.#parts.random)
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.clear()
        this.#pauses.delete(end)
        resolve()
      }
      const timer: Timer = this.#parts.clock.setTimer(end, pauseMs)
      this.#pauses.add(end)
    })
  }
}

/** The version that the broker speaks cannot carry the member of the group. */
const CANNOT_SAY: TransactionVerdict = { action: 'abort', needsBump: false, isBrief: false }

/** The question did not reach anybody who may answer it, and will not. */
const REFUSED: TransactionVerdict = { action: 'refuse', needsBump: false, isBrief: false }

/** No decision yet. */
interface Undecided {
  readonly error: OttlaError
  readonly mayHaveActed: boolean
  readonly isBrief: boolean
}

/**
 * Refusals for now by which it is certain that this attempt has done nothing. No other is: a coordinator
 * passes on what became of its log, and says COORDINATOR_LOAD_IN_PROGRESS also where it has lost and got
 * back the log since it wrote the decision there (Kafka's TransactionStateManager.appendTransactionToLog).
 */
const NOT_CARRIED_OUT: ReadonlySet<number> = new Set([
  ErrorCodes.CONCURRENT_TRANSACTIONS,
  ErrorCodes.THROTTLING_QUOTA_EXCEEDED,
])

const WORST_FIRST = ['fatal', 'fenced', 'refuse', 'abort', 'find coordinator', 'retry'] as const

/** Of the codes of an answer's parts the one that decides; what stands beside another refusal says nothing. */
function worstOf(name: TransactionRequest, codes: Iterable<number>): number {
  const all = [...codes]
  for (const action of WORST_FIRST) {
    const found = all.filter((code) => judgeTransaction(name, code).action === action)
    const telling = found.find((code) => code !== ErrorCodes.OPERATION_NOT_ATTEMPTED)
    if (found.length > 0) return telling ?? ErrorCodes.OPERATION_NOT_ATTEMPTED
  }
  return ErrorCodes.NONE
}

function isElsewhere(name: TransactionRequest, code: number): boolean {
  return judgeTransaction(name, code).action === 'find coordinator'
}

/** A retriable BrokerError where another broker, or a later time, may answer otherwise. */
function asError(apiName: string, code: number): BrokerError {
  const { name, description, retriable } = errorCode(code)
  const options = { apiName, errorCode: code, errorName: name, retriable }
  return new BrokerError(`${name}, ${description} (${apiName})`, options)
}

/**
 * A request that left may have been carried out although no answer came. So may one whose coordinator
 * answers that it is none: it says so, too, where it lost the log while it wrote the decision.
 */
function mayHaveActed(error: OttlaError, apiName: string): boolean {
  if (error instanceof BrokerError) return error.apiName === apiName
  if (!(error instanceof ConnectionError)) return true
  return error.phase === 'request' || error.phase === 'idle' || error.phase === 'close'
}
