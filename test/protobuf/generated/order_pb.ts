/**
 * Generated from proto/shop/v1/order.proto by protoc 3.25.5 with protoc-gen-es 2.17.0, then formatted:
 * `protoc -I proto --es_out=. --es_opt=target=ts,import_extension=js,erasable_syntax=true`.
 */

import type { GenEnum, GenFile, GenMessage } from '@bufbuild/protobuf/codegenv2'
import { enumDesc, fileDesc, messageDesc } from '@bufbuild/protobuf/codegenv2'
import type { Timestamp } from '@bufbuild/protobuf/wkt'
import {
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt'
import type { Money } from './money_pb.js'
import { file_shop_v1_money } from './money_pb.js'
import type { JsonObject, Message, UnknownEnum } from '@bufbuild/protobuf'

/**
 * Describes the file shop/v1/order.proto.
 */
export const file_shop_v1_order: GenFile =
  /*@__PURE__*/
  fileDesc(
    'ChNzaG9wL3YxL29yZGVyLnByb3RvEgdzaG9wLnYxIhgKCEN1c3RvbWVyEgwKBG5hbWUYASABKAkiuAUKBU9yZGVyEigKBXN0b2NrGAEgAygLMhkuc2hvcC52MS5PcmRlci5TdG9ja0VudHJ5EgoKAmlkGAIgASgJEh8KBnN0YXR1cxgDIAEoDjIPLnNob3AudjEuU3RhdHVzEiIKBWxpbmVzGAQgAygLMhMuc2hvcC52MS5PcmRlci5MaW5lEiMKCGN1c3RvbWVyGAUgASgLMhEuc2hvcC52MS5DdXN0b21lchIrCgdjcmVhdGVkGAYgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBIOCgRjYXJkGAcgASgJSAASHgoEY2FzaBgIIAEoCzIOLnNob3AudjEuTW9uZXlIABIRCgRnaWZ0GAkgASgISAGIAQESEQoJc2lnbmF0dXJlGAogASgMEi0KB2NvbW1lbnQYCyABKAsyHC5nb29nbGUucHJvdG9idWYuU3RyaW5nVmFsdWUSJgoFZXh0cmEYDCABKAsyFy5nb29nbGUucHJvdG9idWYuU3RydWN0Eg4KBndlaWdodBgNIAEoAhINCgVjb2RlcxgOIAMoEhIOCgZudW1iZXIYDyABKAQaLAoKU3RvY2tFbnRyeRILCgNrZXkYASABKAkSDQoFdmFsdWUYAiABKAU6AjgBGhQKBE5vdGUSDAoEdGV4dBgBIAEoCRqPAQoETGluZRIPCgdhcnRpY2xlGAEgASgJEg0KBWNvdW50GAIgASgNEh0KBXByaWNlGAMgASgLMg4uc2hvcC52MS5Nb25leRIuCghkaXNjb3VudBgEIAEoCzIcLnNob3AudjEuT3JkZXIuTGluZS5EaXNjb3VudBoYCghEaXNjb3VudBIMCgRyYXRlGAEgASgBIhwKBEtpbmQSFAoQS0lORF9VTlNQRUNJRklFRBAAQgkKB3BheW1lbnRCBwoFX2dpZnQiFwoJQ2FuY2VsbGVkEgoKAmlkGAEgASgJKjEKBlN0YXR1cxIWChJTVEFUVVNfVU5TUEVDSUZJRUQQABIPCgtTVEFUVVNfUEFJRBABYgZwcm90bzM',
    [
      file_google_protobuf_timestamp,
      file_google_protobuf_wrappers,
      file_google_protobuf_struct,
      file_shop_v1_money,
    ],
  )

/**
 * @generated from message shop.v1.Customer
 */
export type Customer = Message<'shop.v1.Customer'> & {
  /**
   * @generated from field: string name = 1;
   */
  name: string
}

/**
 * Describes the message shop.v1.Customer.
 * Use `create(CustomerSchema)` to create a new message.
 */
export const CustomerSchema: GenMessage<Customer> = /*@__PURE__*/ messageDesc(file_shop_v1_order, 0)

/**
 * @generated from message shop.v1.Order
 */
export type Order = Message<'shop.v1.Order'> & {
  /**
   * @generated from field: map<string, int32> stock = 1;
   */
  stock: { [key: string]: number }

  /**
   * @generated from field: string id = 2;
   */
  id: string

  /**
   * @generated from field: shop.v1.Status status = 3;
   */
  status: Status

  /**
   * @generated from field: repeated shop.v1.Order.Line lines = 4;
   */
  lines: Order_Line[]

  /**
   * @generated from field: shop.v1.Customer customer = 5;
   */
  customer?: Customer | undefined

  /**
   * @generated from field: google.protobuf.Timestamp created = 6;
   */
  created?: Timestamp | undefined

  /**
   * @generated from oneof shop.v1.Order.payment
   */
  payment:
    | {
        /**
         * @generated from field: string card = 7;
         */
        value: string
        case: 'card'
      }
    | {
        /**
         * @generated from field: shop.v1.Money cash = 8;
         */
        value: Money
        case: 'cash'
      }
    | { case: undefined; value?: undefined }

  /**
   * @generated from field: optional bool gift = 9;
   */
  gift?: boolean | undefined

  /**
   * @generated from field: bytes signature = 10;
   */
  signature: Uint8Array

  /**
   * @generated from field: google.protobuf.StringValue comment = 11;
   */
  comment?: string | undefined

  /**
   * @generated from field: google.protobuf.Struct extra = 12;
   */
  extra?: JsonObject | undefined

  /**
   * @generated from field: float weight = 13;
   */
  weight: number

  /**
   * @generated from field: repeated sint64 codes = 14;
   */
  codes: bigint[]

  /**
   * @generated from field: uint64 number = 15;
   */
  number: bigint
}

/**
 * Describes the message shop.v1.Order.
 * Use `create(OrderSchema)` to create a new message.
 */
export const OrderSchema: GenMessage<Order> = /*@__PURE__*/ messageDesc(file_shop_v1_order, 1)

/**
 * @generated from message shop.v1.Order.Note
 */
export type Order_Note = Message<'shop.v1.Order.Note'> & {
  /**
   * @generated from field: string text = 1;
   */
  text: string
}

/**
 * Describes the message shop.v1.Order.Note.
 * Use `create(Order_NoteSchema)` to create a new message.
 */
export const Order_NoteSchema: GenMessage<Order_Note> =
  /*@__PURE__*/
  messageDesc(file_shop_v1_order, 1, 0)

/**
 * @generated from message shop.v1.Order.Line
 */
export type Order_Line = Message<'shop.v1.Order.Line'> & {
  /**
   * @generated from field: string article = 1;
   */
  article: string

  /**
   * @generated from field: uint32 count = 2;
   */
  count: number

  /**
   * @generated from field: shop.v1.Money price = 3;
   */
  price?: Money | undefined

  /**
   * @generated from field: shop.v1.Order.Line.Discount discount = 4;
   */
  discount?: Order_Line_Discount | undefined
}

/**
 * Describes the message shop.v1.Order.Line.
 * Use `create(Order_LineSchema)` to create a new message.
 */
export const Order_LineSchema: GenMessage<Order_Line> =
  /*@__PURE__*/
  messageDesc(file_shop_v1_order, 1, 1)

/**
 * @generated from message shop.v1.Order.Line.Discount
 */
export type Order_Line_Discount = Message<'shop.v1.Order.Line.Discount'> & {
  /**
   * @generated from field: double rate = 1;
   */
  rate: number
}

/**
 * Describes the message shop.v1.Order.Line.Discount.
 * Use `create(Order_Line_DiscountSchema)` to create a new message.
 */
export const Order_Line_DiscountSchema: GenMessage<Order_Line_Discount> =
  /*@__PURE__*/
  messageDesc(file_shop_v1_order, 1, 1, 0)

/**
 * @generated from enum shop.v1.Order.Kind
 */
export const Order_Kind = {
  /**
   * @generated from enum value: KIND_UNSPECIFIED = 0;
   */
  UNSPECIFIED: 0,
} as const

/**
 * @generated from enum shop.v1.Order.Kind
 */
export type Order_Kind = (typeof Order_Kind)[keyof typeof Order_Kind] | UnknownEnum

/**
 * Describes the enum shop.v1.Order.Kind.
 */
export const Order_KindSchema: GenEnum<Order_Kind> =
  /*@__PURE__*/
  enumDesc(file_shop_v1_order, 1, 0)

/**
 * @generated from message shop.v1.Cancelled
 */
export type Cancelled = Message<'shop.v1.Cancelled'> & {
  /**
   * @generated from field: string id = 1;
   */
  id: string
}

/**
 * Describes the message shop.v1.Cancelled.
 * Use `create(CancelledSchema)` to create a new message.
 */
export const CancelledSchema: GenMessage<Cancelled> =
  /*@__PURE__*/
  messageDesc(file_shop_v1_order, 2)

/**
 * Enums do not count in message indexes, and neither do the entries of maps.
 *
 * @generated from enum shop.v1.Status
 */
export const Status = {
  /**
   * @generated from enum value: STATUS_UNSPECIFIED = 0;
   */
  UNSPECIFIED: 0,

  /**
   * @generated from enum value: STATUS_PAID = 1;
   */
  PAID: 1,
} as const

/**
 * Enums do not count in message indexes, and neither do the entries of maps.
 *
 * @generated from enum shop.v1.Status
 */
export type Status = (typeof Status)[keyof typeof Status] | UnknownEnum

/**
 * Describes the enum shop.v1.Status.
 */
export const StatusSchema: GenEnum<Status> = /*@__PURE__*/ enumDesc(file_shop_v1_order, 0)
