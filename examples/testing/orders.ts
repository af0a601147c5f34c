/** The code under test: a shop that posts its orders, and says what became of each. */
// Elsewhere this is 'ottla'; in this repository that name means dist/, which may not be built.
import { DeliveryError, type Producer } from '../../src/index.js'

export interface Order {
  readonly id: number
  readonly customer: string
}

/** Where an order stands after it was posted: `check` it by hand before it is posted again. */
export type Posted = 'done' | 'try again later' | 'correct it' | 'check'

export async function postOrder(producer: Producer, order: Order): Promise<Posted> {
  try {
    await producer.send({
      topic: 'orders',
      key: order.customer,
      value: JSON.stringify(order),
      headers: { source: 'shop' },
    })
    return 'done'
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    if (error.outcome === 'unknown') return 'check'
    return error.retriable ? 'try again later' : 'correct it'
  }
}
