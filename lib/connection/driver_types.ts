import { parseArrayLiteral } from "./array_literal.ts";

interface DriverType {
  readonly to: number;
  readonly from: number[];
  readonly serialize: (value: unknown) => unknown;
  readonly parse: (text: string) => unknown;
}

const array = <T>(oid: number, element: (text: string) => T): DriverType => ({
  to: oid,
  from: [oid],
  serialize: (value) => value,
  parse: (text) => parseArrayLiteral(text, element),
});

const asText = (text: string): string => text;

/**
 * Types for the driver besides its own: arrays of the catalog's types by their fixed oids (the driver's own way is one
 * more query per connection, whose failure would be an uncaught rejection), and `json` and times that take a string
 * parameter as it is instead of quoting it once more or cutting its microseconds.
 */
export const DRIVER_TYPES: Readonly<Record<string, DriverType>> = {
  json: {
    to: 114,
    from: [114, 3802],
    serialize: (value) => typeof value === "string" ? value : JSON.stringify(value),
    parse: (text) => JSON.parse(text),
  },
  date: {
    to: 1184,
    from: [1082, 1114, 1184],
    serialize: (value) => value instanceof Date ? value.toISOString() : String(value),
    parse: (text) => new Date(text),
  },
  boolArray: array(1000, (text) => text === "t"),
  int2Array: array(1005, Number),
  int4Array: array(1007, Number),
  oidArray: array(1028, Number),
  float4Array: array(1021, Number),
  float8Array: array(1022, Number),
  int8Array: array(1016, asText),
  numericArray: array(1231, asText),
  charArray: array(1002, asText),
  nameArray: array(1003, asText),
  textArray: array(1009, asText),
  bpcharArray: array(1014, asText),
  varcharArray: array(1015, asText),
  aclitemArray: array(1034, asText),
  regclassArray: array(2210, asText),
  regtypeArray: array(2211, asText),
};
