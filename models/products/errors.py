"""What the products domain refuses."""

from models.shared.refusals import InvalidRequest, NotFound, Refusal


class MerchantUnknown(NotFound):
    """There is no such merchant."""

    code = "merchant_unknown"
    title = "No such merchant"


class CategoryUnknown(NotFound):
    """There is no such category."""

    code = "category_unknown"
    title = "No such category"


class BrandUnknown(NotFound):
    """There is no such brand."""

    code = "brand_unknown"
    title = "No such brand"


class ProductUnknown(NotFound):
    """There is no such product, or it is not published and the caller is not an operator."""

    code = "product_unknown"
    title = "No such product"


class SkuUnknown(NotFound):
    """There is no such SKU."""

    code = "sku_unknown"
    title = "No such SKU"


class MediaUnknown(NotFound):
    """There is no such picture."""

    code = "media_unknown"
    title = "No such picture"


class CodeTaken(Refusal):
    """A code names one thing only: it is in use already."""

    code = "code_taken"
    title = "The code is in use"


class OptionsTaken(Refusal):
    """Two SKUs of one product must differ in their options."""

    code = "options_taken"
    title = "Another SKU of the product has these options"


class BarcodeInvalid(InvalidRequest):
    """A barcode is a GTIN of 8, 12, 13 or 14 digits whose last digit checks the others (GS1 General Specifications 7.9)."""

    code = "barcode_invalid"
    title = "The barcode is not a GTIN"


class AttributesInvalid(InvalidRequest):
    """The attributes do not fit what the product's category asks for."""

    code = "attributes_invalid"
    title = "The attributes do not fit the category"


class AmountInvalid(InvalidRequest):
    """The text is not an amount of money, or has more decimals than its currency."""

    code = "amount_invalid"
    title = "Not an amount of money"


class CategoryCycle(Refusal):
    """A category cannot move below itself."""

    code = "category_cycle"
    title = "A category cannot be its own ancestor"


class CategoryNotEmpty(Refusal):
    """Only a category without products and without categories below it can be deleted."""

    code = "category_not_empty"
    title = "The category is not empty"


class CategoryTooDeep(Refusal):
    """The category tree has at most eight levels."""

    code = "category_too_deep"
    title = "Too many levels of categories"


class PublicationGap(Refusal):
    """A product that is shown, hidden and shown again needs two steps: the second showing can be set once the first is over."""

    code = "publication_gap"
    title = "The product is still published before that time"


class MediaRefused(InvalidRequest):
    """The upload is not a picture that the shop takes."""

    code = "media_refused"
    title = "Not a picture that can be used"


class ImportUnreadable(InvalidRequest):
    """The file as a whole cannot be read: wrong encoding, no header line, or not the format it says."""

    code = "import_unreadable"
    title = "The file cannot be read"


class FileTypeUnknown(InvalidRequest):
    """A catalogue file is CSV (`text/csv`) or JSON (`application/json`, `application/x-ndjson`)."""

    code = "file_type_unknown"
    title = "Not a kind of file that can be imported"
