/**
 * Generated from order.proto by protoc 3.25.5 with protoc-gen-es 2.17.0, then formatted:
 * `protoc --es_out=. --es_opt=target=ts,import_extension=js,erasable_syntax=true shop/order.proto`.
 */

import type { GenFile, GenMessage } from '@bufbuild/protobuf/codegenv2'
import { fileDesc, messageDesc } from '@bufbuild/protobuf/codegenv2'
import type { Message } from '@bufbuild/protobuf'

/**
 * Describes the file shop/order.proto.
 */
export const file_shop_order: GenFile =
  /*@__PURE__*/
  fileDesc(
    'ChBzaG9wL29yZGVyLnByb3RvEgRzaG9wInEKBU9yZGVyEgoKAmlkGAEgASgJEhMKC3RvdGFsX2NlbnRzGAIgASgDEh8KBWxpbmVzGAMgAygLMhAuc2hvcC5PcmRlci5MaW5lGiYKBExpbmUSDwoHYXJ0aWNsZRgBIAEoCRINCgVjb3VudBgCIAEoDWIGcHJvdG8z',
  )

/**
 * @generated from message shop.Order
 */
export type Order = Message<'shop.Order'> & {
  /**
   * @generated from field: string id = 1;
   */
  id: string

  /**
   * @generated from field: int64 total_cents = 2;
   */
  totalCents: bigint

  /**
   * @generated from field: repeated shop.Order.Line lines = 3;
   */
  lines: Order_Line[]
}

/**
 * Describes the message shop.Order.
 * Use `create(OrderSchema)` to create a new message.
 */
export const OrderSchema: GenMessage<Order> = /*@__PURE__*/ messageDesc(file_shop_order, 0)

/**
 * @generated from message shop.Order.Line
 */
export type Order_Line = Message<'shop.Order.Line'> & {
  /**
   * @generated from field: string article = 1;
   */
  article: string

  /**
   * @generated from field: uint32 count = 2;
   */
  count: number
}

/**
 * Describes the message shop.Order.Line.
 * Use `create(Order_LineSchema)` to create a new message.
 */
export const Order_LineSchema: GenMessage<Order_Line> =
  /*@__PURE__*/
  messageDesc(file_shop_order, 0, 0)
