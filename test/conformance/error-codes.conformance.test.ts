/** Our table of error codes beside Kafka's `Errors`: each code, its name, and whether to try again. */
import { errorCode, ErrorCodes } from '../../src/protocol/error-codes.js'
import { oracleTest } from './oracle.js'

await oracleTest("the table of error codes is Kafka's", async (t, oracle) => {
  const ours = Object.values(ErrorCodes).map((number) => {
    const { code, name, retriable, refreshesMetadata } = errorCode(number)
    return { code: String(code), name, retriable, refreshesMetadata }
  })
  t.strictSame(ours, await oracle.errors())
})
