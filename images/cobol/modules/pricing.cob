      * Prices one order: the discount that its quantity earns, and the
      * value added tax of its tax class. A block finds this module,
      * compiled, through COB_LIBRARY_PATH:
      *
      *     CALL "pricing" USING PRICING-REQUEST
       IDENTIFICATION DIVISION.
       PROGRAM-ID. pricing.

       DATA DIVISION.
       WORKING-STORAGE SECTION.
      * Steps of the discount, the largest quantity first.
       01  DISCOUNT-STEPS.
           05  FILLER                     PIC X(8) VALUE "01000125".
           05  FILLER                     PIC X(8) VALUE "00500080".
           05  FILLER                     PIC X(8) VALUE "00100050".
           05  FILLER                     PIC X(8) VALUE "00000000".
       01  FILLER REDEFINES DISCOUNT-STEPS.
           05  DISCOUNT-STEP OCCURS 4 TIMES INDEXED BY AT-STEP.
               10  STEP-QUANTITY          PIC 9(5).
               10  STEP-RATE              PIC V999.
       01  TAX-RATE                       PIC V999.

       LINKAGE SECTION.
       COPY "pricing-request.cpy".

       PROCEDURE DIVISION USING PRICING-REQUEST.
       PRICE-ORDER.
           INITIALIZE PRICING-GOODS PRICING-DISCOUNT PRICING-NET
               PRICING-TAX
           SET PRICING-DONE TO TRUE
           EVALUATE PRICING-TAX-CLASS
               WHEN "S" MOVE 0.200 TO TAX-RATE
               WHEN "R" MOVE 0.055 TO TAX-RATE
               WHEN "Z" MOVE 0 TO TAX-RATE
               WHEN OTHER
                   SET PRICING-CLASS-UNKNOWN TO TRUE
                   GOBACK
           END-EVALUATE
           SET AT-STEP TO 1
           SEARCH DISCOUNT-STEP
               WHEN PRICING-QUANTITY >= STEP-QUANTITY(AT-STEP)
                   CONTINUE
           END-SEARCH
           MULTIPLY PRICING-QUANTITY BY PRICING-PRICE
               GIVING PRICING-GOODS
           MULTIPLY PRICING-GOODS BY STEP-RATE(AT-STEP)
               GIVING PRICING-DISCOUNT ROUNDED
           SUBTRACT PRICING-DISCOUNT FROM PRICING-GOODS
               GIVING PRICING-NET
           MULTIPLY PRICING-NET BY TAX-RATE
               GIVING PRICING-TAX ROUNDED
           GOBACK.
