      * One order, as the order desk exports it: a line of text with a
      * blank between the fields. Numbers are digits only; the price
      * has two decimal places and no point: 00012550 is 125.50.
       01  :PREFIX:-RECORD.
           05  :PREFIX:-REGION            PIC X(5).
               88  :PREFIX:-REGION-KNOWN
                   VALUES "EAST " "NORTH" "SOUTH" "WEST ".
           05  FILLER                     PIC X.
           05  :PREFIX:-CUSTOMER          PIC X(6).
           05  FILLER                     PIC X.
           05  :PREFIX:-NUMBER            PIC 9(6).
           05  FILLER                     PIC X.
           05  :PREFIX:-DATE              PIC 9(8).
           05  FILLER                     PIC X.
           05  :PREFIX:-PRODUCT           PIC X(8).
           05  FILLER                     PIC X.
           05  :PREFIX:-QUANTITY          PIC 9(5).
           05  FILLER                     PIC X.
           05  :PREFIX:-PRICE             PIC 9(6)V99.
           05  FILLER                     PIC X.
           05  :PREFIX:-TAX-CLASS         PIC X.
