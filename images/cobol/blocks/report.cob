      * Reports a file of orders: every record is validated, the valid
      * ones are priced by the module "pricing", sorted, and totalled by
      * customer and by region.
      *
      *     report [FILE]        FILE is orders.dat if it is not given
      *
      * The return code is 0, also where records were rejected: they are
      * counted in the report. It is 8 where the totals do not agree, 16
      * where the file cannot be read. Both say why on standard error.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. ORDER-REPORT.

       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT ORDER-FILE ASSIGN DYNAMIC ORDER-FILE-NAME
               ORGANIZATION LINE SEQUENTIAL
               FILE STATUS ORDER-FILE-STATUS.
           SELECT SORT-FILE ASSIGN "report.sort".

       DATA DIVISION.
       FILE SECTION.
       FD  ORDER-FILE.
       COPY "order-record.cpy" REPLACING ==:PREFIX:== BY ==ORDER==.

       SD  SORT-FILE.
       COPY "order-record.cpy" REPLACING ==:PREFIX:== BY ==SORTED==.

       WORKING-STORAGE SECTION.
       01  ORDER-FILE-NAME                PIC X(255) VALUE "orders.dat".
       01  ORDER-FILE-STATUS              PIC XX.
           88  ORDER-FILE-FINE            VALUES "00" "02" "04" "06".
           88  ORDER-FILE-AT-END          VALUE "10".
       01  ARGUMENT-COUNT                 PIC 9(4).
      * Kept here until the end: every CALL sets RETURN-CODE to that of
      * the module.
       01  EXIT-CODE                      PIC 9(4) VALUE 0.
       01  SORT-STATE                     PIC X VALUE "N".
           88  SORT-AT-END                VALUE "Y".

      * The reason for which a record is rejected; blank for none.
       01  REJECT-REASON                  PIC X(28).
           88  RECORD-VALID               VALUE SPACES.

       01  RECORD-COUNTS.
           05  RECORDS-READ               PIC 9(6) VALUE 0.
           05  RECORDS-REJECTED           PIC 9(6) VALUE 0.
           05  RECORDS-ACCEPTED           PIC 9(6) VALUE 0.

       COPY "pricing-request.cpy".

      * The totals of the customer and the region that are open, and
      * of the whole file.
       01  CURRENT-CUSTOMER               PIC X(6).
       01  CURRENT-REGION                 PIC X(5).
       01  CUSTOMER-TOTALS.
           COPY "totals.cpy" REPLACING ==:PREFIX:== BY ==CUSTOMER==.
       01  REGION-TOTALS.
           COPY "totals.cpy" REPLACING ==:PREFIX:== BY ==REGION==.
       01  GRAND-TOTALS.
           COPY "totals.cpy" REPLACING ==:PREFIX:== BY ==GRAND==.
      * Quantities as they were read, to compare with what was reported.
       01  QUANTITY-READ                  PIC S9(9) PACKED-DECIMAL
                                          VALUE 0.

       01  TITLE-LINE                     PIC X(88)
           VALUE "ORDERS BY REGION AND CUSTOMER".
       01  REJECT-LINE.
           05  FILLER                     PIC X(7) VALUE "record ".
           05  REJECT-NUMBER              PIC ZZZZZ9.
           05  FILLER                     PIC X(2) VALUE ": ".
           05  REJECT-TEXT                PIC X(28).
           05  REJECT-RECORD              PIC X(45).
       01  HEADING-LINE.
           05  FILLER                     PIC X(18) VALUE "REGION".
           05  FILLER                     PIC X(8) VALUE "  ORDERS".
           05  FILLER                     PIC X(8) VALUE "   UNITS".
           05  FILLER                     PIC X(13)
               VALUE "        GOODS".
           05  FILLER                     PIC X(13)
               VALUE "     DISCOUNT".
           05  FILLER                     PIC X(13)
               VALUE "          TAX".
           05  FILLER                     PIC X(15)
               VALUE "          TOTAL".
       01  TOTAL-LINE.
           05  LINE-NAME                  PIC X(18).
           05  LINE-ORDERS                PIC ZZZZ,ZZ9.
           05  LINE-UNITS                 PIC ZZZZ,ZZ9.
           05  LINE-GOODS                 PIC ZZ,ZZZ,ZZ9.99.
           05  LINE-DISCOUNT              PIC ZZ,ZZZ,ZZ9.99.
           05  LINE-TAX                   PIC ZZ,ZZZ,ZZ9.99.
           05  LINE-TOTAL                 PIC ZZZZ,ZZZ,ZZ9.99.
       01  RULE-LINE                      PIC X(88) VALUE ALL "-".
       01  COUNT-LINE.
           05  COUNT-NAME                 PIC X(18).
           05  COUNT-VALUE                PIC ZZZZ,ZZ9.
       01  AMOUNT-TOTAL                   PIC S9(11)V99 PACKED-DECIMAL.

       PROCEDURE DIVISION.
       MAIN-PROCEDURE.
           ACCEPT ARGUMENT-COUNT FROM ARGUMENT-NUMBER
           IF ARGUMENT-COUNT > 0
               ACCEPT ORDER-FILE-NAME FROM ARGUMENT-VALUE
           END-IF
           OPEN INPUT ORDER-FILE
           IF NOT ORDER-FILE-FINE
               PERFORM REPORT-UNREADABLE
               MOVE EXIT-CODE TO RETURN-CODE
               STOP RUN
           END-IF
           DISPLAY FUNCTION TRIM(TITLE-LINE)
           PERFORM WRITE-BLANK-LINE
           SORT SORT-FILE
               ON ASCENDING KEY SORTED-REGION SORTED-CUSTOMER
                   SORTED-NUMBER
               INPUT PROCEDURE READ-ORDERS
               OUTPUT PROCEDURE WRITE-REPORT
           CLOSE ORDER-FILE
           IF EXIT-CODE = 0
               PERFORM CHECK-TOTALS
           END-IF
           MOVE EXIT-CODE TO RETURN-CODE
           STOP RUN.

      * Input of the sort: what is valid goes on, what is not is shown.
       READ-ORDERS.
           PERFORM READ-ORDER
           PERFORM UNTIL NOT ORDER-FILE-FINE
               ADD 1 TO RECORDS-READ
               PERFORM VALIDATE-ORDER
               IF RECORD-VALID
                   ADD 1 TO RECORDS-ACCEPTED
                   ADD ORDER-QUANTITY TO QUANTITY-READ
                   RELEASE SORTED-RECORD FROM ORDER-RECORD
               ELSE
                   ADD 1 TO RECORDS-REJECTED
                   PERFORM SHOW-REJECTED
               END-IF
               PERFORM READ-ORDER
           END-PERFORM
           IF NOT ORDER-FILE-AT-END
               PERFORM REPORT-UNREADABLE
           END-IF
           IF RECORDS-REJECTED > 0
               PERFORM WRITE-BLANK-LINE
           END-IF.

       READ-ORDER.
           READ ORDER-FILE
               AT END CONTINUE
           END-READ.

       VALIDATE-ORDER.
           SET RECORD-VALID TO TRUE
           EVALUATE TRUE
               WHEN NOT ORDER-REGION-KNOWN
                   MOVE "region is unknown" TO REJECT-REASON
               WHEN ORDER-CUSTOMER = SPACES
                   MOVE "customer is missing" TO REJECT-REASON
               WHEN ORDER-NUMBER IS NOT NUMERIC
                   MOVE "order number is no number" TO REJECT-REASON
               WHEN ORDER-DATE IS NOT NUMERIC
                   MOVE "date is no number" TO REJECT-REASON
               WHEN FUNCTION TEST-DATE-YYYYMMDD(ORDER-DATE) NOT = 0
                   MOVE "date is not in the calendar" TO REJECT-REASON
               WHEN ORDER-QUANTITY IS NOT NUMERIC
                   MOVE "quantity is no number" TO REJECT-REASON
               WHEN ORDER-QUANTITY = 0
                   MOVE "quantity is zero" TO REJECT-REASON
               WHEN ORDER-PRICE IS NOT NUMERIC
                   MOVE "price is no number" TO REJECT-REASON
               WHEN OTHER
                   MOVE ORDER-QUANTITY TO PRICING-QUANTITY
                   MOVE ORDER-PRICE TO PRICING-PRICE
                   MOVE ORDER-TAX-CLASS TO PRICING-TAX-CLASS
                   CALL "pricing" USING PRICING-REQUEST
                   IF PRICING-CLASS-UNKNOWN
                       MOVE "tax class is unknown" TO REJECT-REASON
                   END-IF
           END-EVALUATE.

       SHOW-REJECTED.
           MOVE RECORDS-READ TO REJECT-NUMBER
           MOVE REJECT-REASON TO REJECT-TEXT
           MOVE ORDER-RECORD TO REJECT-RECORD
           DISPLAY FUNCTION TRIM(REJECT-LINE TRAILING).

      * Output of the sort: a line for each customer, each region, and
      * the whole file.
       WRITE-REPORT.
           INITIALIZE CUSTOMER-TOTALS REGION-TOTALS GRAND-TOTALS
           DISPLAY HEADING-LINE
           PERFORM RETURN-ORDER
           PERFORM UNTIL SORT-AT-END
               MOVE SORTED-REGION TO CURRENT-REGION
               PERFORM UNTIL SORT-AT-END
                       OR SORTED-REGION NOT = CURRENT-REGION
                   MOVE SORTED-CUSTOMER TO CURRENT-CUSTOMER
                   PERFORM UNTIL SORT-AT-END
                           OR SORTED-REGION NOT = CURRENT-REGION
                           OR SORTED-CUSTOMER NOT = CURRENT-CUSTOMER
                       PERFORM ADD-ORDER
                       PERFORM RETURN-ORDER
                   END-PERFORM
                   PERFORM CLOSE-CUSTOMER
               END-PERFORM
               PERFORM CLOSE-REGION
           END-PERFORM
           PERFORM WRITE-GRAND-TOTAL.

       RETURN-ORDER.
           RETURN SORT-FILE
               AT END SET SORT-AT-END TO TRUE
           END-RETURN.

       ADD-ORDER.
           MOVE SORTED-QUANTITY TO PRICING-QUANTITY
           MOVE SORTED-PRICE TO PRICING-PRICE
           MOVE SORTED-TAX-CLASS TO PRICING-TAX-CLASS
           CALL "pricing" USING PRICING-REQUEST
           ADD 1 TO CUSTOMER-ORDERS
           ADD SORTED-QUANTITY TO CUSTOMER-UNITS
           ADD PRICING-GOODS TO CUSTOMER-GOODS
           ADD PRICING-DISCOUNT TO CUSTOMER-DISCOUNT
           ADD PRICING-TAX TO CUSTOMER-TAX.

       CLOSE-CUSTOMER.
           STRING CURRENT-REGION "  " CURRENT-CUSTOMER
               DELIMITED BY SIZE INTO LINE-NAME
           PERFORM WRITE-CUSTOMER-LINE
           ADD CUSTOMER-ORDERS TO REGION-ORDERS
           ADD CUSTOMER-UNITS TO REGION-UNITS
           ADD CUSTOMER-GOODS TO REGION-GOODS
           ADD CUSTOMER-DISCOUNT TO REGION-DISCOUNT
           ADD CUSTOMER-TAX TO REGION-TAX
           INITIALIZE CUSTOMER-TOTALS.

       CLOSE-REGION.
           STRING CURRENT-REGION "  all" DELIMITED BY SIZE
               INTO LINE-NAME
           MOVE REGION-ORDERS TO LINE-ORDERS
           MOVE REGION-UNITS TO LINE-UNITS
           MOVE REGION-GOODS TO LINE-GOODS
           MOVE REGION-DISCOUNT TO LINE-DISCOUNT
           MOVE REGION-TAX TO LINE-TAX
           COMPUTE AMOUNT-TOTAL =
               REGION-GOODS - REGION-DISCOUNT + REGION-TAX
           PERFORM WRITE-TOTAL-LINE
           DISPLAY RULE-LINE
           ADD REGION-ORDERS TO GRAND-ORDERS
           ADD REGION-UNITS TO GRAND-UNITS
           ADD REGION-GOODS TO GRAND-GOODS
           ADD REGION-DISCOUNT TO GRAND-DISCOUNT
           ADD REGION-TAX TO GRAND-TAX
           INITIALIZE REGION-TOTALS.

       WRITE-CUSTOMER-LINE.
           MOVE CUSTOMER-ORDERS TO LINE-ORDERS
           MOVE CUSTOMER-UNITS TO LINE-UNITS
           MOVE CUSTOMER-GOODS TO LINE-GOODS
           MOVE CUSTOMER-DISCOUNT TO LINE-DISCOUNT
           MOVE CUSTOMER-TAX TO LINE-TAX
           COMPUTE AMOUNT-TOTAL =
               CUSTOMER-GOODS - CUSTOMER-DISCOUNT + CUSTOMER-TAX
           PERFORM WRITE-TOTAL-LINE.

       WRITE-GRAND-TOTAL.
           MOVE "GRAND TOTAL" TO LINE-NAME
           MOVE GRAND-ORDERS TO LINE-ORDERS
           MOVE GRAND-UNITS TO LINE-UNITS
           MOVE GRAND-GOODS TO LINE-GOODS
           MOVE GRAND-DISCOUNT TO LINE-DISCOUNT
           MOVE GRAND-TAX TO LINE-TAX
           COMPUTE AMOUNT-TOTAL =
               GRAND-GOODS - GRAND-DISCOUNT + GRAND-TAX
           PERFORM WRITE-TOTAL-LINE
           PERFORM WRITE-BLANK-LINE
           MOVE "Records read" TO COUNT-NAME
           MOVE RECORDS-READ TO COUNT-VALUE
           DISPLAY COUNT-LINE
           MOVE "Records rejected" TO COUNT-NAME
           MOVE RECORDS-REJECTED TO COUNT-VALUE
           DISPLAY COUNT-LINE
           MOVE "Records reported" TO COUNT-NAME
           MOVE RECORDS-ACCEPTED TO COUNT-VALUE
           DISPLAY COUNT-LINE.

       WRITE-TOTAL-LINE.
           MOVE AMOUNT-TOTAL TO LINE-TOTAL
           DISPLAY TOTAL-LINE
           MOVE SPACES TO LINE-NAME.

      * DISPLAY "" would print a blank before the end of the line.
       WRITE-BLANK-LINE.
           DISPLAY X"0A" WITH NO ADVANCING.

      * What went through the sort and the breaks must be what came in.
       CHECK-TOTALS.
           IF GRAND-ORDERS NOT = RECORDS-ACCEPTED
                   OR GRAND-UNITS NOT = QUANTITY-READ
               DISPLAY "report: the totals do not agree with what was"
                   " read" UPON SYSERR
               MOVE 8 TO EXIT-CODE
           END-IF.

       REPORT-UNREADABLE.
           DISPLAY "report: " FUNCTION TRIM(ORDER-FILE-NAME)
               " cannot be read, file status " ORDER-FILE-STATUS
               UPON SYSERR
           MOVE 16 TO EXIT-CODE.
