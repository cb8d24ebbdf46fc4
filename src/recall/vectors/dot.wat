;; Dot products of rows of int8 with one query of int16, on 128-bit vectors.
;; scripts/assemble-kernel.ts turns this text into dot-module.ts; a test holds the two together.
(module
  (memory (export "memory") 1)

  ;; Writes to `out`, as int32, the dot product of each of `count` rows with the query.
  ;; `rows` is the first row, `stride` its bytes: a multiple of 16 above 0. The query has `stride` numbers.
  (func (export "dots")
    (param $rows i32) (param $count i32) (param $stride i32) (param $query i32) (param $out i32)
    (local $row-end i32) (local $out-end i32) (local $at i32) (local $bytes v128) (local $low v128) (local $high v128)
    (local.set $out-end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $each-row
        (br_if $done (i32.ge_u (local.get $out) (local.get $out-end)))
        (local.set $row-end (i32.add (local.get $rows) (local.get $stride)))
        (local.set $at (local.get $query))
        (local.set $low (v128.const i32x4 0 0 0 0))
        (local.set $high (v128.const i32x4 0 0 0 0))
        ;; Sixteen numbers a step: each half is widened to int16, multiplied and added in pairs, then summed as int32.
        (loop $each-step
          (local.set $bytes (v128.load (local.get $rows)))
          (local.set $low
            (i32x4.add
              (local.get $low)
              (i32x4.dot_i16x8_s
                (i16x8.extend_low_i8x16_s (local.get $bytes))
                (v128.load (local.get $at)))))
          (local.set $high
            (i32x4.add
              (local.get $high)
              (i32x4.dot_i16x8_s
                (i16x8.extend_high_i8x16_s (local.get $bytes))
                (v128.load offset=16 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
          (br_if $each-step (i32.lt_u (local.get $rows) (local.get $row-end))))
        (local.set $low (i32x4.add (local.get $low) (local.get $high)))
        (i32.store
          (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $low)) (i32x4.extract_lane 1 (local.get $low)))
            (i32.add (i32x4.extract_lane 2 (local.get $low)) (i32x4.extract_lane 3 (local.get $low)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $each-row)))))
