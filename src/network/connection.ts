import type { OttlaError } from '../errors.js'
import type { Api } from '../protocol/api.js'
import type { Reader } from '../protocol/reader.js'
import type { ApiIdentity, ApiVersionTable } from './api-version-table.js'

export interface ResponseHandler {
  onResponse(reader: Reader): void
  onFailure(error: OttlaError): void
}
export declare class Connection {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  get versions(): ApiVersionTable
  get isOpen(): boolean
  get isWritable(): boolean
  get inFlightCount(): number
  get throttledUntilMs(): number
  throttle(throttleTimeMs: number): void
  nextCorrelationId(): number
  sendFrame(
    frame: readonly Uint8Array[],
    correlationId: number,
    api: ApiIdentity & { readonly flexibleFrom: number },
    version: number,
    timeoutMs: number,
    handler: ResponseHandler,
  ): void
  sendFrameWithoutAnswer(
    frame: readonly Uint8Array[],
    onWritten: () => void,
    onFailure: (error: OttlaError) => void,
  ): void
  request<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    options?: { readonly timeoutMs?: number },
  ): Promise<Response>
  close(reason: OttlaError): void
}
