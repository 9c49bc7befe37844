      * The amounts that are totalled at each level of a report. It is
      * copied below a 01 level of its own.
           05  :PREFIX:-ORDERS      PIC S9(7) PACKED-DECIMAL VALUE 0.
           05  :PREFIX:-UNITS       PIC S9(9) PACKED-DECIMAL VALUE 0.
           05  :PREFIX:-GOODS       PIC S9(11)V99 PACKED-DECIMAL
                                    VALUE 0.
           05  :PREFIX:-DISCOUNT    PIC S9(11)V99 PACKED-DECIMAL
                                    VALUE 0.
           05  :PREFIX:-TAX         PIC S9(11)V99 PACKED-DECIMAL
                                    VALUE 0.
