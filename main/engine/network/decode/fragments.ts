import { PACKET_KIND } from '../../../../contract/traffic.ts';
import type { Cursor, Step } from './cursor.ts';

export class Fragments {
  add(_cursor: Cursor, _identification: number, _offset: number, _more: boolean, _start: number, _end: number): Step {
    return PACKET_KIND.fragment;
  }
}
